"""Pictures drawn with characters: half blocks in colour, or ASCII shades where there is no colour."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_SHADES = " .:-=+*#%@"
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
        drawn = [_blocks(image) if blocks else _shades(image) for image in images[start : start + fitting]]
        for parts in zip(*drawn, strict=True):
            yield _GAP.join(parts)


def _blocks(image: NDArray[np.uint8]) -> list[str]:
    """Two pixels a character: the upper half block in the upper one's colour on the lower one's."""
    lines = []
    for upper, lower in zip(image[0::2], image[1::2], strict=True):
        cells = (
            f"\x1b[38;2;{a[0]};{a[1]};{a[2]};48;2;{b[0]};{b[1]};{b[2]}m▀" for a, b in zip(upper, lower, strict=True)
        )
        lines.append("".join(cells) + "\x1b[0m")
    return lines


def _shades(image: NDArray[np.uint8]) -> list[str]:
    grey = image.astype(np.float64) @ np.array([0.299, 0.587, 0.114])  # [H, W, 3] -> [H, W]
    halved = (grey[0::2] + grey[1::2]) / 2
    steps = np.minimum((halved / 256 * len(_SHADES)).astype(int), len(_SHADES) - 1)
    return ["".join(_SHADES[step] for step in row) for row in steps]
