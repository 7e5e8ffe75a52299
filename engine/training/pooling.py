"""Average pooling as a mean over a view, which suits a GPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class MeanPool2d(nn.Module):
    """Average pooling by windows side by side, as a mean over two dimensions of a view.

    Its backward pass copies, where torch's own on a GPU looks for each pixel's windows.

    Args:
        pool: without padding, its windows side by side.
        rectifies: whether it takes the place of the rectifier before it, too.
    """

    def __init__(self, pool: nn.AvgPool2d, *, rectifies: bool = False) -> None:
        super().__init__()
        self.pool, self._rectifies = pool, rectifies
        self._size = pool.kernel_size if isinstance(pool.kernel_size, int) else pool.kernel_size[0]

    def forward(self, images: Tensor) -> Tensor:
        """`[N, C, H, W] -> [N, C, H', W']`, both in channels-last memory."""
        if not self._rectifies:
            return _mean(images, self._size)
        made: Tensor = _RectifiedMean.apply(images, self._size)  # type: ignore[no-untyped-call]
        return made


class _RectifiedMean(torch.autograd.Function):
    """A mean of rectified values; backward, one kernel spreads the gradient and leaves out what was cut off."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, size: int) -> Tensor:
        rectified = images.clamp_min(0)
        ctx.save_for_backward(rectified)
        ctx.size = size
        return _mean(rectified, size)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (rectified,), size = ctx.saved_tensors, ctx.size
        windows = _windows(rectified, size)  # [N, H', s, W', s, C]
        share = (gradients[0].permute(0, 2, 3, 1) / size**2)[:, :, None, :, None]
        spread = torch.ops.aten.threshold_backward(share.expand(windows.shape), windows, 0)
        if windows.numel() == rectified.numel():
            return spread.reshape(rectified.permute(0, 2, 3, 1).shape).permute(0, 3, 1, 2), None
        whole = torch.zeros_like(rectified)
        _windows(whole, size).copy_(spread)
        return whole, None


def _mean(images: Tensor, size: int) -> Tensor:
    return _windows(images, size).mean((2, 4)).permute(0, 3, 1, 2)


def _windows(images: Tensor, size: int) -> Tensor:
    """`[N, C, H, W] -> [N, H', s, W', s, C]`, a view; what fills no window is left out."""
    rows, columns = images.shape[2] // size, images.shape[3] // size
    whole = images.permute(0, 2, 3, 1)[:, : rows * size, : columns * size]
    return torch.unflatten(torch.unflatten(whole, 2, (columns, size)), 1, (rows, size))
