"""Modules that torch does not have."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Normalize(nn.Module):
    """Images as files hold them to what a convolution takes: `(x / 255 - mean) / std`, then NHWC to NCHW.

    Args:
        mean, std: one number a channel, of the training split, in units of [0, 1].
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32))

    def forward(self, images: Tensor) -> Tensor:
        """`uint8 [N, H, W, C] -> float32 [N, C, H, W]`, in channels-last memory."""
        scaled = (images.to(torch.float32) / 255 - self.mean) / self.std
        return scaled.permute(0, 3, 1, 2)


class GlobalMaxPool2d(nn.Module):
    """The largest value of each channel. A plain reduction: adaptive pooling's backward is not deterministic."""

    def forward(self, images: Tensor) -> Tensor:
        """`[N, C, H, W] -> [N, C]`."""
        return images.amax(dim=(2, 3))
