"""Average pooling with the rectifier before it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class MeanPool2d(nn.Module):
    """Average pooling by windows side by side, rectified before, if that is wanted.

    Args:
        pool: without padding, its windows side by side.
        rectifies: whether it takes the place of the rectifier before it, too.
        by_view: whether it is a mean over two dimensions of a view. Backward a GPU then copies, where torch's own looks
            for each pixel's windows; and a processor is slow forward.
    """

    def __init__(self, pool: nn.AvgPool2d, *, rectifies: bool, by_view: bool) -> None:
        super().__init__()
        self.pool, self._rectifies, self._by_view = pool, rectifies, by_view
        self._size = pool.kernel_size if isinstance(pool.kernel_size, int) else pool.kernel_size[0]

    def forward(self, images: Tensor) -> Tensor:
        """`[N, C, H, W] -> [N, C, H', W']`, both in channels-last memory."""
        if self._rectifies:
            made: Tensor = _RectifiedMean.apply(images, self._size, self._by_view)  # type: ignore[no-untyped-call]
            return made
        return _mean(images, self._size, self._by_view)


class _RectifiedMean(torch.autograd.Function):
    """A mean of rectified values; backward, one pass spreads the gradient and leaves out what was cut off."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, size: int, by_view: bool) -> Tensor:
        rectified = images.clamp_min(0)
        ctx.save_for_backward(rectified)
        ctx.size = size
        return _mean(rectified, size, by_view)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (rectified,), size = ctx.saved_tensors, ctx.size
        windows = _windows(rectified, size)  # [N, H', s, W', s, C]
        share = (gradients[0].permute(0, 2, 3, 1) / size**2)[:, :, None, :, None]
        spread = torch.ops.aten.threshold_backward(share.expand(windows.shape), windows, 0)
        if windows.numel() == rectified.numel():
            return spread.reshape(rectified.permute(0, 2, 3, 1).shape).permute(0, 3, 1, 2), None, None
        whole = torch.zeros_like(rectified)
        _windows(whole, size).copy_(spread)
        return whole, None, None


def _mean(images: Tensor, size: int, by_view: bool) -> Tensor:
    return _windows(images, size).mean((2, 4)).permute(0, 3, 1, 2) if by_view else F.avg_pool2d(images, size)


def _windows(images: Tensor, size: int) -> Tensor:
    """`[N, C, H, W] -> [N, H', s, W', s, C]`, a view; what fills no window is left out."""
    rows, columns = images.shape[2] // size, images.shape[3] // size
    whole = images.permute(0, 2, 3, 1)[:, : rows * size, : columns * size]
    return torch.unflatten(torch.unflatten(whole, 2, (columns, size)), 1, (rows, size))
