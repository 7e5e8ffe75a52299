"""The one place that knows plotext: dots to be joined in, cells out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

BRAILLE_BLANK = 0x2800
_DOTS = 2, 4  # of a braille cell: columns, rows


def dots_of(width: int, height: int, *, has_braille: bool) -> tuple[int, int]:
    """How many places a plot of so many cells has, sideways and up."""
    return (_DOTS[0] * width, _DOTS[1] * height) if has_braille else (width, height)


def draw_lines(
    stretches: Sequence[Sequence[tuple[int, int]]], width: int, height: int, *, has_braille: bool
) -> dict[tuple[int, int], int]:
    """Join points by lines.

    Args:
        stretches: points that belong together, as dots from the left and from the bottom; those of different
            stretches are not joined.
        width, height: of the plot, in cells.
        has_braille: eight dots a cell; else one.

    Returns:
        The cells that are not empty, by row from the top and column: their braille bits, or 1.
    """
    found: dict[tuple[int, int], int] = {}
    if not any(stretches):
        return found
    wide, high = max(2, width), max(2, height)  # plotext has no scale for a single cell
    lower = high - height  # the rows that are drawn below the plot, and cut off
    across, up = _DOTS if has_braille else (1, 1)
    figure = _figure(wide, high)
    for stretch in stretches:
        if stretch:
            xs = [(x + 0.5) / across - 0.5 for x, _ in stretch]  # plotext counts from the middle of a cell
            ys = [(y + 0.5) / up - 0.5 + lower for _, y in stretch]
            signal = figure.signal(xs, ys, marker=_marker("braille" if has_braille else "*"))
            signal.lines()
            figure.draw(signal)
    for row, line in enumerate(figure.build().string(colorless=True).split("\n")[:height]):
        if line.isspace():
            continue
        for column, character in enumerate(line[:width]):
            if character == "*":
                found[row, column] = 1
            elif character > "\u2800":
                found[row, column] = ord(character) - BRAILLE_BLANK
    return found


def _figure(width: int, height: int) -> Any:
    import plotext

    plotext.terminal.limit(False, False)  # else it clamps to the terminal that it finds
    figure = type(plotext.figure)(plotext.terminal)
    figure.plot_size(width, height)
    figure.axes(False)
    for name, size in (("x", width), ("y", height)):
        figure.ruler(name).lim(0, size - 1)
        figure.ruler(name).ticks([], [])
    return figure


def _marker(name: str) -> Any:
    import plotext

    return plotext.marker(name)
