"""Pictures beside each other, each with what it is, what it was taken for, and how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.format import percent
from engine.layout import fit, text_width
from engine.report.images import Said
from engine.text import clean
from tui.picture import picture_lines, resized

SIDES = (16, 32, 64)
_CAPTION = 2  # lines
_GAP = 2
_WORDS = 36  # cells, of what is known where there are no pictures

Pictures = Mapping[int, NDArray[np.uint8]]


class Gallery(ScrollView, can_focus=True):
    """Pictures in rows, as many beside each other as fit. It asks for those that it shows and does not have.

    Args:
        blocks: the terminal shows half blocks; else pictures are shades of ASCII.
    """

    DEFAULT_CSS = """
    Gallery { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden; overflow-y: auto; }
    Gallery > .gallery--cursor { text-style: reverse; }
    Gallery > .gallery--more { color: $text-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"gallery--cursor", "gallery--more"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "move(-1)", "Before", show=False, tooltip="The picture before"),
        Binding("l,right", "move(1)", "Next", show=False, tooltip="The next picture"),
        Binding("j,down", "rows(1)", "Down", show=False, tooltip="A row of pictures down"),
        Binding("k,up", "rows(-1)", "Up", show=False, tooltip="A row of pictures up"),
        Binding("g,home", "move(-1000000)", "First", show=False, tooltip="The first picture"),
        Binding("G,end", "move(1000000)", "Last", show=False, tooltip="The last picture"),
        Binding("ctrl+d,pagedown", "page(1)", "Page down", show=False, tooltip="A page down"),
        Binding("ctrl+u,pageup", "page(-1)", "Page up", show=False, tooltip="A page up"),
        Binding("plus,equals_sign", "size(1)", "Larger", key_display="+", tooltip="Larger pictures"),
        Binding("minus", "size(-1)", "Smaller", key_display="-", tooltip="Smaller pictures, more of them"),
    ]

    class Wants(Message):
        """Pictures that come into sight: their indices in the split."""

        def __init__(self, indices: Sequence[int]) -> None:
            super().__init__()
            self.indices = tuple(indices)

    class Moved(Message):
        """The cursor is on another picture."""

    def __init__(self, *, blocks: bool, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._blocks = blocks
        self._said: Sequence[Said] = ()
        self._pictures: Pictures | None = {}
        self._drawn: dict[tuple[int, int], list[Strip]] = {}
        self._step = 1
        self._asked: set[int] = set()
        self.cursor = 0

    @property
    def current(self) -> Said | None:
        """What is known of the picture under the cursor."""
        return self._said[self.cursor] if self.cursor < len(self._said) else None

    def show(self, said: Sequence[Said], pictures: Pictures | None) -> None:
        """These images.

        Args:
            pictures: uint8 `[H, W, 3]` by index, those that are there; None: there will be none, only words.
        """
        if list(said) != list(self._said):
            self._said, self._drawn, self.cursor = said, {}, 0
            self._asked = set()
            self.scroll_to(y=0, animate=False)
        self._pictures = pictures
        self._lay_out()

    def show_pictures(self, pictures: Pictures) -> None:
        """More of their pixels have come."""
        self._pictures = pictures
        self.refresh()

    def on_resize(self) -> None:
        self._drawn = {}
        self._lay_out()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._ask()

    @property
    def side(self) -> int:
        """Pixels, and cells, of a picture's width: the wished one, or the largest that fits."""
        if self._pictures is None:
            return _WORDS
        fitting = [side for side in SIDES[: self._step + 1] if side // 2 + _CAPTION <= self.size.height]
        return max(fitting, default=SIDES[0])

    @property
    def _across(self) -> int:
        return max(1, (self.size.width - 2 + _GAP) // (self.side + _GAP))

    @property
    def _height(self) -> int:
        """Lines of a picture, its caption and the gap below."""
        return (0 if self._pictures is None else self.side // 2) + _CAPTION + 1

    def _lay_out(self) -> None:
        rows = -(-len(self._said) // self._across)
        self.virtual_size = Size(self.size.width, max(1, rows * self._height))
        self._ask()
        self.refresh()

    def _ask(self) -> None:
        if self._pictures is None or not self._said:
            return
        first = round(self.scroll_offset.y) // self._height * self._across
        last = first + (self.size.height // self._height + 2) * self._across
        wanted = [one.index for one in self._said[first:last]]
        missing = [index for index in wanted if index not in self._pictures and index not in self._asked]
        if missing:
            self._asked.update(missing)
            self.post_message(self.Wants(missing))

    def render_line(self, y: int) -> Strip:
        row, line = divmod(y + round(self.scroll_offset.y), self._height)
        parts: list[Strip] = []
        for place in range(row * self._across, min((row + 1) * self._across, len(self._said))):
            parts += [self._part(place, line), self._words(" " * _GAP)]
        return Strip.join([self._words(" "), *parts]).adjust_cell_length(self.size.width, self.rich_style)

    def _part(self, place: int, line: int) -> Strip:
        """One line of one picture with its caption."""
        side, above = self.side, self._height - _CAPTION - 1
        if line < above:
            drawn = self._picture(self._said[place].index, side)
            return drawn[line] if drawn else self._words(fit("reading …" if not line else "", side), "gallery--more")
        captions = self._captions(self._said[place])
        text = fit(captions[line - above] if line - above < len(captions) else "", side)
        return self._words(text, "gallery--cursor" if place == self.cursor and text.strip() else "")

    def _captions(self, said: Said) -> tuple[str, str]:
        """True, said, how surely; its index, and what the reference said. Narrow ones leave the true class out."""
        sure = "" if said.confidence is None else f" {percent(said.confidence, 0)} %"
        room = self.side - text_width(sure)
        is_right = said.true == said.said
        first = clean(said.said) if self.side < 32 or is_right else f"{clean(said.true)}, said {clean(said.said)}"
        reference = "" if said.reference is None else f" ref: {clean(said.reference)}"
        return fit(first, min(room, text_width(first))) + sure, f"#{said.index}{reference}"

    def _picture(self, index: int, side: int) -> list[Strip] | None:
        image = (self._pictures or {}).get(index)
        if image is None:
            return None
        if (index, side) not in self._drawn:
            lines = picture_lines(resized(image, side), blocks=self._blocks)
            self._drawn[index, side] = [Strip(line, side) for line in lines]
        return self._drawn[index, side]

    def _words(self, text: str, component: str = "") -> Strip:
        return Strip([Segment(text, self.get_component_rich_style(component) if component else self.rich_style)])

    def action_move(self, by: int) -> None:
        self._go(self.cursor + by)

    def action_rows(self, by: int) -> None:
        self._go(self.cursor + by * self._across)

    def action_page(self, by: int) -> None:
        self.action_rows(by * max(1, self.size.height // self._height))

    def action_size(self, by: int) -> None:
        shown = SIDES.index(self.side) if self.side in SIDES else self._step
        self._step = max(0, min(len(SIDES) - 1, shown + by))
        self._lay_out()
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        row = (event.y + round(self.scroll_offset.y)) // self._height
        self._go(row * self._across + min(self._across - 1, max(0, event.x - 1) // (self.side + _GAP)))

    def _go(self, place: int) -> None:
        old, self.cursor = self.cursor, max(0, min(place, len(self._said) - 1))
        if old != self.cursor:
            self._reveal()
            self.refresh()
            self.post_message(self.Moved())

    def _reveal(self) -> None:
        top, shown = self.cursor // self._across * self._height, self.size.height
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False)
        elif top + self._height - 1 > self.scroll_offset.y + shown:
            self.scroll_to(y=top + self._height - 1 - shown, animate=False)
