"""Pictures as characters: half blocks with two colours a cell, or ASCII shades where there are none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

HALF_BLOCK = "▀"  # the upper pixel in the colour of the character, the lower one in that of its ground
_SHADES = " .:-=+*#%@"
_LUMINANCE = np.array([0.299, 0.587, 0.114])  # of red, green, blue: Rec. 601


def half_blocks(image: Image) -> list[list[tuple[Colour, Colour]]]:
    """Rows of cells, each the colours of its upper and its lower pixel.

    Args:
        image: uint8 `[H, W, 3]`, H even.
    """
    return [
        [((a[0], a[1], a[2]), (b[0], b[1], b[2])) for a, b in zip(upper, lower, strict=True)]
        for upper, lower in zip(image[0::2].tolist(), image[1::2].tolist(), strict=True)
    ]


def shades(image: Image) -> list[str]:
    """The same cells as characters, the darker the emptier."""
    grey = image.astype(np.float64) @ _LUMINANCE  # [H, W, 3] -> [H, W]
    halved = (grey[0::2] + grey[1::2]) / 2
    steps = np.minimum((halved / 256 * len(_SHADES)).astype(int), len(_SHADES) - 1)
    return ["".join(_SHADES[step] for step in row) for row in steps]


def resized(image: Image, side: int) -> Image:
    """The picture with `side` pixels in both directions: means of blocks where it shrinks, repeated where it grows.

    Args:
        image: uint8 `[H, W, 3]`.
    """
    return _along(_along(image, side, 0), side, 1).astype(np.uint8)


def _along(image: NDArray[Any], side: int, axis: int) -> NDArray[Any]:
    length = image.shape[axis]
    starts = np.arange(side) * length // side
    if side >= length:
        return np.asarray(np.take(image, starts, axis))
    shape = [1, 1, 1]
    shape[axis] = side
    sums = np.add.reduceat(image.astype(np.float64), starts, axis)
    return np.asarray(sums / np.diff(starts, append=length).reshape(shape))
