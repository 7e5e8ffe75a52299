"""Lines of cells; of what is shown anew, only the cells that changed are sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.cells import PLAIN, Row, changed_spans, stacked

Make = Callable[[int, int], Sequence[Row]]

_LOOKS = {
    "a": "cells--axis", "b": "cells--band", "c": "cells--crosshair", "e": "cells--error", "f": "cells--faint",
    "g": "cells--gone", "h": "cells--heading", "k": "cells--strong", "m": "cells--mark", "r": "cells--reference",
    "t": "cells--train", "v": "cells--validation",
}  # fmt: skip


class CellLines(Widget):
    """Rows of characters with a look each. A look's letter as a capital is the same look, reversed."""

    DEFAULT_CSS = """
    CellLines > .cells--axis { color: $text-muted; }
    CellLines > .cells--band { color: $primary 60%; }
    CellLines > .cells--crosshair { color: $text-muted; }
    CellLines > .cells--error { color: $text-error; text-style: bold; }
    CellLines > .cells--faint { color: $foreground 40%; }
    CellLines > .cells--gone { color: $primary; }
    CellLines > .cells--heading { text-style: bold; }
    CellLines > .cells--strong { color: $foreground; text-style: bold; }
    CellLines > .cells--mark { color: $accent; text-style: bold; }
    CellLines > .cells--reference { color: $foreground 55%; }
    CellLines > .cells--train { color: $primary; }
    CellLines > .cells--validation { color: $secondary; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = set(_LOOKS.values())

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._make: Make = lambda width, height: ()
        self._rows: list[Row] = []
        self._styles: dict[str, Style] = {}

    @property
    def rows(self) -> Sequence[Row]:
        """What is shown."""
        return self._rows

    def show_rows(self, make: Make) -> None:
        """Lines made for a width and a height; called again when they change.

        They are cut or padded to the size; a repaint that changes nothing sends nothing.
        """
        self._make = make
        self._lay_out()

    def _lay_out(self) -> None:
        width, height = self.size
        if not width or not height:
            return
        before, self._rows = self._rows, stacked(self._make(width, height), width, height)
        if len(before) != height:
            self.refresh()
            return
        changed = [
            Region(start, y, end - start, 1)
            for y, (old, new) in enumerate(zip(before, self._rows, strict=True))
            for start, end in changed_spans(old, new)
        ]
        if changed:
            self.refresh(*changed)

    def on_resize(self) -> None:
        self._rows = []
        self._lay_out()

    def notify_style_update(self) -> None:
        self._styles = {}
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        if y >= len(self._rows):
            return Strip.blank(self.size.width, self.rich_style)
        segments = [Segment(text, self._style(look)) for text, look in self._rows[y].parts()]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _style(self, look: str) -> Style:
        style = self._styles.get(look)
        if style is None:
            name = _LOOKS.get(look.lower())
            style = self.rich_style if look == PLAIN or name is None else self.get_component_rich_style(name)
            if look.isupper():
                style += Style(reverse=True)
            self._styles[look] = style
        return style
