"""Lines of cells that a widget paints itself: only what changed is sent to the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from engine.layout import text_width

Line = tuple[tuple[str, str], ...]  # pieces of clean text, each with its component class; "" is the plain style


def changed_cells(y: int, before: Line | None, after: Line, width: int) -> Region:
    """From the first to the last cell of a line that differs; all of it where its styles or wide cells moved.

    Args:
        y: of the line in its widget.
        before: as it was painted; None where it was not.
    """
    old, new = ("".join(text for text, _ in line) for line in (before or (), after))
    shapes = [[(len(text), style) for text, style in line] for line in (before or (), after)]
    if before is None or shapes[0] != shapes[1] or not (_is_narrow(old) and _is_narrow(new)):
        return Region(0, y, width, 1)
    differing = [x for x, pair in enumerate(zip_longest(old, new)) if pair[0] != pair[1]]
    return Region(differing[0], y, differing[-1] - differing[0] + 1, 1)


def strip_of(widget: Widget, line: Line) -> Strip:
    """A line as the widget's component classes style it, as wide as the widget."""
    plain = widget.rich_style
    segments = [
        Segment(text, widget.get_component_rich_style(style) if style else plain) for text, style in line if text
    ]
    return Strip(segments).adjust_cell_length(widget.size.width, plain)


class Painted(Widget):
    """A few lines that are given as they are; of lines that are given again, what differs is sent."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()

    def paint(self, lines: Sequence[Line]) -> None:
        """Show these lines."""
        before, self._lines = self._lines, lines
        width = self.size.width
        for y in range(min(max(len(before), len(lines)), self.size.height)):
            old, new = (some[y] if y < len(some) else () for some in (before, lines))
            if old != new:
                self.refresh(changed_cells(y, old, new, width))

    def render_line(self, y: int) -> Strip:
        return strip_of(self, self._lines[y] if y < len(self._lines) else ())


def _is_narrow(text: str) -> bool:
    return text.isascii() or all(text_width(character) == 1 for character in text)
