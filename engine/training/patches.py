"""The patches of a batch of images side by side in memory: what a convolution is a product of matrices over."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_ALIGNED = 4  # numbers of 16 bytes, which a GPU reads and writes at once


class Patches:
    """The patches of a batch.

    Args:
        of: the convolution.
        images: the largest batch, `[N, C, H, W]`.
        keeps_memory: for a GPU, which it spares kernels: every step uses the same, whose border of zeros around the
            images, and column of ones for the biases, stay. A processor's caches hold what was freed just now.
        rectifies: whether they are those of the rectified images.

    Attributes:
        rectified: `[N, C, H, W]`, what the last call made of its images; valid until the next one.
    """

    def __init__(self, of: nn.Conv2d, images: Tensor, *, keeps_memory: bool = True, rectifies: bool = False) -> None:
        count, channels, height, width = images.shape
        self.size, self.stride, self.padding = _shape(of)
        self.grid = self._grid(of, images.shape)
        self._images = images.shape
        padded = count, height + 2 * self.padding, width + 2 * self.padding, channels
        self._padded = images.new_zeros(padded) if self.padding and keeps_memory else None
        self.width = self.size**2 * channels
        rows = count * self.grid[0] * self.grid[1]
        # a column of ones behind each patch: its product with the gradient is that of the biases
        self.columns = columns_of(self.width) if of.bias is not None and keeps_memory else self.width
        self._rows = images.new_zeros(rows, self.columns) if keeps_memory else None
        if self._rows is not None:
            self._rows[:, self.width :] = 1
        self.rectified: Tensor | None = None
        self._rectifies = rectifies

    @staticmethod
    def _grid(of: nn.Conv2d, shape: torch.Size) -> tuple[int, int]:
        size, stride, padding = _shape(of)
        high, wide = ((side + 2 * padding - size) // stride + 1 for side in shape[2:])
        return high, wide

    @classmethod
    def numbers(cls, of: nn.Conv2d, shape: torch.Size) -> int:
        """How many numbers the patches of a batch of this shape are."""
        high, wide = cls._grid(of, shape)
        return shape[0] * high * wide * of.kernel_size[0] ** 2 * shape[1]

    def hold(self, images: Tensor) -> bool:
        """Whether there is room for this batch."""
        return images.shape[1:] == self._images[1:] and images.shape[0] <= self._images[0]

    def of(self, images: Tensor) -> Tensor:
        """`[N · H' · W', k · k · C (+ ones)]`; where memory is kept, valid until the next call."""
        padded = self._with_border(images.permute(0, 2, 3, 1))
        seen = padded.unfold(1, self.size, self.stride).unfold(2, self.size, self.stride)  # [N, H', W', C, k, k]
        seen = seen.permute(0, 1, 2, 4, 5, 3)
        if self._rows is None:
            return seen.reshape(-1, self.width)
        rows = self._rows[: len(images) * self.grid[0] * self.grid[1]]
        _copy(seen, rows[:, : self.width].view(seen.shape))
        return rows

    def _with_border(self, images: Tensor) -> Tensor:
        """`[N, H, W, C]` with zeros around, as far as patches reach or farther."""
        (_, height, width, _), edge = images.shape, self.padding
        if self._padded is not None:
            padded = self._padded[: len(images)]
            into = padded[:, edge : edge + height, edge : edge + width]
            if self._rectifies:
                torch.clamp_min(images, 0, out=into)
                self.rectified = into.permute(0, 3, 1, 2)
            else:
                _copy(images, into)
            return padded
        if self._rectifies:
            images = images.clamp_min(0)
            self.rectified = images.permute(0, 3, 1, 2)
        if not edge:
            return images
        below, right = (
            (places - 1) * self.stride + self.size - side - edge
            for places, side in zip(self.grid, (height, width), strict=True)
        )
        return F.pad(images, (0, 0, edge, right, edge, below))  # what no patch sees is cut off


def columns_of(width: int) -> int:
    """Numbers of a row that holds a patch, and at least one more."""
    return (width // _ALIGNED + 1) * _ALIGNED


def _copy(values: Tensor, into: Tensor) -> None:
    """`[..., C]`, float32; by 16 bytes where that divides: the shape is the same, a quarter as many numbers."""
    if values.shape[-1] % _ALIGNED == 0:
        values, into = values.view(torch.complex128), into.view(torch.complex128)
    into.copy_(values)


def as_rows(values: Tensor) -> Tensor:
    """`[N, C, H, W] -> [N, H · W · C]`, no copy where the memory is channels-last."""
    return values.permute(0, 2, 3, 1).flatten(1)


def _shape(of: nn.Conv2d) -> tuple[int, int, int]:
    """Kernel, stride and padding of a square convolution."""
    return of.kernel_size[0], of.stride[0], int(of.padding[0])
