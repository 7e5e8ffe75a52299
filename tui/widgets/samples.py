"""Pictures of some classes side by side, each under its name, as large as there is room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

from engine.layout import fit
from engine.text import clean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Images = Mapping[str, NDArray[np.uint8]]

_GAP = 2
_SMALLEST = 8  # pixels a side; smaller ones show nothing
_LARGEST = 32


def sample_lines(images: Images, width: int, height: int, *, blocks: bool) -> list[Strip]:
    """One row of pictures under their names; empty where there is no room.

    Args:
        images: uint8 `[n, H, W, 3]` by class. Classes in turn: each is seen before any is seen twice.
        width, height: cells at most.
        blocks: the terminal shows half blocks in colour; else pictures are shades of ASCII.
    """
    from tui.picture import picture_lines, resized

    side = _side(len(images), width, height)
    if not side:
        return []
    most = max(len(found) for found in images.values())
    pictures = [(name, found[place]) for place in range(most) for name, found in images.items() if place < len(found)]
    fitting = pictures[: max(1, (width + _GAP) // (side + _GAP))]
    names: list[str] = []
    for name, _ in fitting:
        names.append("" if clean(name) in names else clean(name))
    title = (" " * _GAP).join(fit(name, side) for name in names)
    gap = Segment(" " * _GAP)
    drawn = [picture_lines(resized(image, side), blocks=blocks) for _, image in fitting]
    lines = [[segment for part in parts for segment in (*part, gap)] for parts in zip(*drawn, strict=True)]
    return [Strip([Segment(title)]), *map(Strip, lines)]


def _side(classes: int, width: int, height: int) -> int:
    """Pixels a side, an even number: as many classes side by side as are not too small then."""
    if not classes:
        return 0
    fitting = min(classes, max(1, (width + _GAP) // (_SMALLEST + 2 + _GAP)))
    side = min(_LARGEST, (width + _GAP) // fitting - _GAP, 2 * (height - 1)) // 2 * 2
    return side if side >= _SMALLEST else 0
