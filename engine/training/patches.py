"""The patches of a batch of images side by side in memory: what a convolution is a product of matrices over."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_ALIGNED = 4  # numbers of 16 bytes, which a GPU reads and writes at once


class Patches(ABC):
    """The patches of a batch, row by row.

    Args:
        of: the convolution that they are for: square, ungrouped, undilated.
        images: the largest batch, `[N, C, H, W]`.

    Attributes:
        grid: patches of an image, down and across.
        width: numbers of a patch, `k · k · C`.
        columns: numbers of a row, at least as many; the others are ones.
        rectified: the images of the last call without what is below 0, `[N, C, H, W]`, where they were rectified.
    """

    def __init__(self, of: nn.Conv2d, images: Tensor) -> None:
        self.size, self.stride, self.padding = shape_of(of)
        self.grid = grid_of(of, images.shape)
        self.columns = self.width = self.size**2 * images.shape[1]
        self.rectified: Tensor | None = None
        self._images = images.shape

    def hold(self, images: Tensor) -> bool:
        """Whether there is room for this batch."""
        return images.shape[1:] == self._images[1:] and images.shape[0] <= self._images[0]

    @abstractmethod
    def of(self, images: Tensor) -> Tensor:
        """`[N, C, H, W] -> [N · H' · W', columns]`."""

    def spread(self, of_rows: Tensor) -> Tensor:
        """The gradient of the images from that of patches that do not overlap, `[N · H' · W', width]`."""
        (down, across), size, stride, edge = self.grid, self.size, self.stride, self.padding
        count = len(of_rows) // (down * across)
        _, channels, height, width = self._images
        high, wide = max(down * stride, height + edge), max(across * stride, width + edge)
        padded = of_rows.new_zeros(count, high, wide, channels)
        cells = padded[:, : down * stride, : across * stride]
        cells = torch.unflatten(torch.unflatten(cells, 2, (across, stride)), 1, (down, stride))
        cells[:, :, :size, :, :size].copy_(of_rows.view(count, down, across, size, size, channels).transpose(2, 3))
        spread = padded[:, edge : edge + height, edge : edge + width].permute(0, 3, 1, 2)
        if self.rectified is None:
            return spread
        cut: Tensor = torch.ops.aten.threshold_backward(spread, self.rectified, 0)
        return cut


class KeptPatches(Patches):
    """Patches in memory of their own, which spares a GPU kernels; a call's are valid until the next.

    The border of zeros around the images stays, and so do the ones behind each patch, whose product with the gradient
    is that of the biases.

    Args:
        rectifies: whether they are those of the rectified images.
    """

    def __init__(self, of: nn.Conv2d, images: Tensor, *, rectifies: bool = False) -> None:
        super().__init__(of, images)
        self._rectifies = rectifies
        count, channels, height, width = images.shape
        edge = 2 * self.padding
        self.columns = columns_of(self.width) if of.bias is not None else self.width
        self._padded = images.new_zeros(count, height + edge, width + edge, channels) if edge else None
        self._rows = images.new_zeros(count * self.grid[0] * self.grid[1], self.columns)
        self._rows[:, self.width :] = 1

    def of(self, images: Tensor) -> Tensor:
        padded = self._with_border(images.permute(0, 2, 3, 1))
        rows = self._rows[: len(images) * self.grid[0] * self.grid[1]]
        seen = _windows(padded, self.size, self.stride)
        _copy(seen, rows[:, : self.width].view(seen.shape))
        return rows

    def _with_border(self, images: Tensor) -> Tensor:
        """`[N, H, W, C]`, rectified where that is wanted, with zeros around."""
        (_, height, width, _), edge = images.shape, self.padding
        if self._padded is None:
            images = images.clamp_min(0) if self._rectifies else images
            self.rectified = images.permute(0, 3, 1, 2) if self._rectifies else None
            return images
        padded = self._padded[: len(images)]
        into = padded[:, edge : edge + height, edge : edge + width]
        if self._rectifies:
            torch.clamp_min(images, 0, out=into)
            self.rectified = into.permute(0, 3, 1, 2)
        else:
            _copy(images, into)
        return padded


class FreshPatches(Patches):
    """Patches in fresh memory: a processor's caches hold what was freed just now."""

    def of(self, images: Tensor) -> Tensor:
        (_, height, width, _), edge = (nhwc := images.permute(0, 2, 3, 1)).shape, self.padding
        if edge:
            below, right = (
                (places - 1) * self.stride + self.size - side - edge
                for places, side in zip(self.grid, (height, width), strict=True)
            )
            nhwc = F.pad(nhwc, (0, 0, edge, right, edge, below))  # what no patch sees is cut off
        return _windows(nhwc, self.size, self.stride).reshape(-1, self.width)


def _windows(images: Tensor, size: int, stride: int) -> Tensor:
    """`[N, H, W, C] -> [N, H', W', size, size, C]`, a view."""
    return images.unfold(1, size, stride).unfold(2, size, stride).permute(0, 1, 2, 4, 5, 3)


def grid_of(of: nn.Conv2d, shape: torch.Size) -> tuple[int, int]:
    """Patches of an image of a batch of this shape, down and across."""
    size, stride, padding = shape_of(of)
    down, across = ((side + 2 * padding - size) // stride + 1 for side in shape[2:])
    return down, across


def numbers_of(of: nn.Conv2d, shape: torch.Size) -> int:
    """How many numbers the patches of a batch of this shape are."""
    down, across = grid_of(of, shape)
    return shape[0] * down * across * of.kernel_size[0] ** 2 * shape[1]


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


def shape_of(of: nn.Conv2d) -> tuple[int, int, int]:
    """Kernel, stride and padding of a square convolution."""
    return of.kernel_size[0], of.stride[0], int(of.padding[0])
