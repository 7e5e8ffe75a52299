"""Lines of text that scroll. What is shown is plain text, never markup."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip


class Lines(ScrollView, can_focus=True):
    """Lines made for a width, by a function that is called again when the width changes."""

    # The scrollbar has its column from the beginning: one that came later would stand on the ends of lines.
    DEFAULT_CSS = """
    Lines { scrollbar-size-vertical: 1; scrollbar-gutter: stable; overflow-x: hidden; overflow-y: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", "Down", show=False, tooltip="A line down"),
        Binding("k,up", "scroll_up", "Up", show=False, tooltip="A line up"),
        Binding("g,home", "scroll_home", "First", show=False, tooltip="The first line"),
        Binding("G,end", "scroll_end", "Last", show=False, tooltip="The last line"),
        Binding("ctrl+d,pagedown", "page_down", "Page down", show=False, tooltip="A page down"),
        Binding("ctrl+u,pageup", "page_up", "Page up", show=False, tooltip="A page up"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._make: Callable[[int], Iterable[str]] = lambda width: ()
        self._lines: list[str] = []

    def show(self, make: Callable[[int], Iterable[str]]) -> None:
        """These lines; a repaint that changes nothing sends nothing."""
        self._make = make
        self._fill()

    def on_resize(self) -> None:
        self._fill()

    def _fill(self) -> None:
        lines = [f" {line}" for line in self._make(max(20, self.scrollable_content_region.width - 1))]
        if lines == self._lines:
            return
        self._lines = lines
        self.virtual_size = Size(self.size.width, len(lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        number = y + round(self.scroll_offset.y)
        text = self._lines[number] if number < len(self._lines) else ""
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(self.size.width, self.rich_style)
