"""Modules that torch does not have."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


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


class GlobalAvgPool2d(nn.Module):
    """The mean of each channel."""

    def forward(self, images: Tensor) -> Tensor:
        """`[N, C, H, W] -> [N, C]`."""
        return images.mean(dim=(2, 3))


class BatchNorm2d(nn.Module):
    """Batch normalisation without torch's counter of batches, so that all of its state is float32 and can be averaged.

    Source: Ioffe & Szegedy 2015; as `torch.nn.BatchNorm2d` with a fixed momentum.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, momentum: float, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, images: Tensor) -> Tensor:
        """`[N, C, H, W] -> [N, C, H, W]`: by the batch while training, by the running statistics in eval mode."""
        statistics = self.running_mean, self.running_var, self.weight, self.bias
        return F.batch_norm(images, *statistics, self.training, self.momentum, self.eps)


class Dropout(nn.Module):
    """Dropout that draws from a generator of the run's own, set before training.

    Source: Srivastava et al. 2014, scaled up while training.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.generator: torch.Generator | None = None

    def forward(self, values: Tensor) -> Tensor:
        """Any shape; in eval mode as it is."""
        if not self.training or not self.rate:
            return values
        kept = torch.empty_like(values).bernoulli_(1 - self.rate, generator=self.generator)
        return values * kept / (1 - self.rate)


class Scale(nn.Module):
    """Multiplies by a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, values: Tensor) -> Tensor:
        """Any shape."""
        return values * self.factor


class Residual(nn.Module):
    """What `layers` make of the images, plus the images themselves or what `shortcut` makes of them."""

    def __init__(self, layers: nn.Sequential, shortcut: nn.Sequential) -> None:
        super().__init__()
        self.layers, self.shortcut = layers, shortcut

    def forward(self, images: Tensor) -> Tensor:
        """`[N, C, H, W] -> [N, C', H', W']`."""
        summed: Tensor = self.layers(images) + self.shortcut(images)
        return summed
