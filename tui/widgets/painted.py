"""Lines that a widget paints itself, in styles of its own: what of them changed, and how they are sent."""

from __future__ import annotations

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


def _is_narrow(text: str) -> bool:
    return text.isascii() or all(text_width(character) == 1 for character in text)
