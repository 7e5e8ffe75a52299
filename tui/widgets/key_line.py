"""One line of keys with what each does; a click presses the key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from engine.layout import text_width
from engine.text import clean

_GAP = 4


class KeyLine(Widget):
    """`[y] yes    [n] no`.

    Args:
        keys: Textual's name of each, as people write it, what it does.
    """

    DEFAULT_CSS = """
    KeyLine { height: 1; margin-top: 1; color: $text-muted; }
    KeyLine > .key-line--key { color: $foreground; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key"}

    def __init__(self, *keys: tuple[str, str, str]) -> None:
        super().__init__()
        self._keys: Sequence[tuple[str, str, str]] = keys

    def show(self, *keys: tuple[str, str, str]) -> None:
        """Other keys, or other words for them."""
        self._keys = keys
        self.refresh()

    def _places(self) -> Iterator[tuple[int, int, str]]:
        """From cell to cell, which key."""
        x = 0
        for key, display, words in self._keys:
            width = text_width(f"[{display}] {clean(words)}")
            yield x, x + width, key
            x += width + _GAP

    def render_line(self, y: int) -> Strip:
        style, key_style = self.rich_style, self.get_component_rich_style("key-line--key")
        segments = []
        for _, display, words in self._keys if y == 0 else ():
            segments += [Segment(f"[{display}]", key_style), Segment(f" {clean(words)}{' ' * _GAP}", style)]
        return Strip(segments).adjust_cell_length(self.size.width, style)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        for start, end, key in self._places():
            if key and start <= event.x < end:
                self.app.simulate_key(key)
