"""Small pictures as cells of a terminal: half blocks in colour, or shades of ASCII where the terminal has no blocks."""

from __future__ import annotations

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from engine.pictures import HALF_BLOCK, Colour, Image, half_blocks, resized, shades

__all__ = ["picture_lines", "resized"]


def picture_lines(image: Image, *, blocks: bool) -> list[list[Segment]]:
    """Lines of cells, two pixels a cell, one above the other.

    Args:
        image: uint8 `[H, W, 3]`, H even.
        blocks: the terminal shows the upper half block, in colour.
    """
    if not blocks:
        return [[Segment(line)] for line in shades(image)]
    return [[Segment(HALF_BLOCK, _style(above, below)) for above, below in row] for row in half_blocks(image)]


def _style(above: Colour, below: Colour) -> Style:
    return Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below))
