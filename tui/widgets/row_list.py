"""A list of rows to choose from, under headings, with lines below them: draws what is seen, repaints what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.layout import fit

_MARGIN = 2  # the cursor


class RowLike(Protocol):
    """A row: `key` is empty for a heading; `role` names its style."""

    @property
    def key(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def below(self) -> tuple[str, ...]: ...


class RowList(ScrollView, can_focus=True):
    """Rows with a cursor that stays on its row's key."""

    DEFAULT_CSS = """
    RowList { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden; }
    RowList > .row-list--heading { color: $text-muted; text-style: bold; }
    RowList > .row-list--changed { color: $text-warning; }
    RowList > .row-list--ticked { color: $text-success; }
    RowList > .row-list--wrong { color: $text-error; }
    RowList > .row-list--cursor { text-style: reverse; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-list--heading", "row-list--changed", "row-list--ticked", "row-list--wrong", "row-list--cursor",
    }  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, tooltip="The row below"),
        Binding("k,up", "move(-1)", "Up", show=False, tooltip="The row above"),
        Binding("g,home", "move(-1000000)", "First", show=False, tooltip="The first row"),
        Binding("G,end", "move(1000000)", "Last", show=False, tooltip="The last row"),
        Binding("ctrl+d,pagedown", "page(1)", "Page down", show=False, tooltip="A page down"),
        Binding("ctrl+u,pageup", "page(-1)", "Page up", show=False, tooltip="A page up"),
    ]

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Chosen(Message):
        """The row under the cursor was clicked again."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._make: Callable[[int], Sequence[RowLike]] = lambda width: ()
        self._keys: list[str] = []
        self._lines: list[tuple[str, str, str]] = []  # key, text, role
        self._lines_below = 0  # under the row of the cursor
        self.key = ""

    def show(self, make: Callable[[int], Sequence[RowLike]], key: str | None = None) -> None:
        """The rows that are made for so many cells; the cursor goes to `key`, else stays, else goes to the first."""
        self._make = make
        self._fill(key)

    def _fill(self, key: str | None = None) -> None:
        rows = self._make(max(20, self.size.width - _MARGIN - 1))
        self._keys = [row.key for row in rows if row.key]
        wanted = self.key if key is None else key
        self.key = wanted if wanted in self._keys else self._keys[0] if self._keys else ""
        lines = []
        for row in rows:
            lines.append((row.key, row.text, row.role))
            lines += [(f"{row.key}\n", text, "wrong") for text in row.below]
        was_below, self._lines_below = self._lines_below, sum(line[0] == f"{self.key}\n" for line in lines)
        old, self._lines = self._lines, lines
        if len(old) != len(lines):
            self.virtual_size = Size(self.size.width, len(lines))
            self.refresh()
        else:
            for number, (before, after) in enumerate(zip(old, lines, strict=True)):
                if before != after:
                    self._refresh_line(number)
        if key is not None or wanted != self.key or was_below != self._lines_below:
            self._refresh_key(wanted)
            self._refresh_key(self.key)
            self.reveal()

    def line_y(self, key: str) -> int | None:
        """Where a row's line stands, from the top of the widget; None where it is out of sight."""
        number = self._line_of(key)
        y = -1 if number is None else number - round(self.scroll_offset.y)
        return y if 0 <= y < self.size.height else None

    def _line_of(self, key: str) -> int | None:
        return next((number for number, line in enumerate(self._lines) if line[0] == key and key), None)

    def _refresh_key(self, key: str) -> None:
        if (number := self._line_of(key)) is not None:
            self._refresh_line(number)

    def _refresh_line(self, number: int) -> None:
        y = number - round(self.scroll_offset.y)
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        number, width = y + round(self.scroll_offset.y), self.size.width
        if number >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        key, text, role = self._lines[number]
        is_here = bool(key) and key == self.key
        style = self.rich_style
        if f"row-list--{role}" in self.COMPONENT_CLASSES:
            style = self.get_component_rich_style(f"row-list--{role}")
        if is_here:
            style += self.get_component_rich_style("row-list--cursor", partial=True)
        line = fit(f"{'>' if is_here else ' '} {text}", width)
        return Strip([Segment(line, style)]).adjust_cell_length(width, style)

    def action_move(self, by: int) -> None:
        if self._keys:
            place = self._keys.index(self.key) + by
            self.go_to(self._keys[max(0, min(len(self._keys) - 1, place))])

    def action_page(self, by: int) -> None:
        self.action_move(by * max(1, self.size.height - 2))

    def go_to(self, key: str) -> None:
        """Put the cursor on a row."""
        if key == self.key or key not in self._keys:
            return
        self._refresh_key(self.key)
        self.key = key
        self._refresh_key(key)
        self.reveal()
        self.post_message(self.Moved(key))

    def on_resize(self) -> None:
        self._fill()
        self.reveal()

    def reveal(self) -> None:
        """Scroll so that the row under the cursor, its heading and the lines below it are seen."""
        number = self._line_of(self.key)
        if number is None:
            return
        first = number - 1 if number and not self._lines[number - 1][0] else number
        last = number
        while last + 1 < len(self._lines) and self._lines[last + 1][0] == f"{self.key}\n":
            last += 1
        top, height = round(self.scroll_offset.y), max(1, self.size.height)
        if first < top:
            self.scroll_to(y=first, animate=False)
        elif last >= top + height:
            self.scroll_to(y=min(number, last - height + 1), animate=False)

    def on_click(self, event: events.Click) -> None:
        number = event.y + round(self.scroll_offset.y)
        key = self._lines[number][0].rstrip("\n") if number < len(self._lines) else ""
        if key and key == self.key:
            self.post_message(self.Chosen(key))
        elif key:
            self.go_to(key)
