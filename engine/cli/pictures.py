"""Pictures on a command line: side by side, in colour where standard output can show it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.pictures import HALF_BLOCK, half_blocks, shades

_GAP = "  "


def draw_row(images: NDArray[np.uint8], width: int, *, colour: bool) -> Iterator[str]:
    """Lines that show images side by side, as many as fit, in rows.

    Args:
        images: uint8 `[N, H, W, 3]`.
        width: characters of a line.
        colour: 24-bit colours may be used.
    """
    side = images.shape[2]
    blocks = colour and (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    fitting = max(1, (width + len(_GAP)) // (side + len(_GAP)))
    for start in range(0, len(images), fitting):
        if start:
            yield ""
        drawn = [_coloured(image) if blocks else shades(image) for image in images[start : start + fitting]]
        for parts in zip(*drawn, strict=True):
            yield _GAP.join(parts)


def _coloured(image: NDArray[np.uint8]) -> list[str]:
    lines = []
    for row in half_blocks(image):
        cells = (f"\x1b[38;2;{a[0]};{a[1]};{a[2]};48;2;{b[0]};{b[1]};{b[2]}m{HALF_BLOCK}" for a, b in row)
        lines.append("".join(cells) + "\x1b[0m")
    return lines
