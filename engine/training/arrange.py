"""The layers of a network in the order and form that costs least to train: the same function, the same parameters.

Reports and exported files use the network as it is described; the two may differ in the last bits of a sum, and a test
holds them together. What each rewriting saves is in docs/performance.md.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.training.convolution import PatchConv2d, as_rows, gains_from_patches, most_patch_bytes
from engine.training.precision import Precision


def arrange(layers: nn.Sequential, device: torch.device, precision: Precision) -> nn.Sequential:
    """The layers for training; modules and parameters are those of `layers`."""
    arranged = list(layers)
    for place, (first, second) in enumerate(pairwise(layers)):
        if isinstance(first, nn.ReLU) and isinstance(second, nn.MaxPool2d):
            arranged[place : place + 2] = [second, first]  # equal to the bit, on a sixteenth of the values
    for place, (first, second) in enumerate(pairwise(arranged)):
        if isinstance(first, nn.Flatten) and isinstance(second, nn.Linear):
            arranged[place : place + 2] = [nn.Identity(), FlattenedLinear(second)]
    if precision.dtype is torch.float32:
        most = most_patch_bytes(device, precision)
        arranged = [
            PatchConv2d(module, most, keeps_memory=device.type == "cuda")
            if gains_from_patches(module, device)
            else module
            for module in arranged
        ]
    if device.type == "cuda":
        arranged = [MeanPool2d(module) if isinstance(module, nn.AvgPool2d) else module for module in arranged]
    return nn.Sequential(*arranged)


class FlattenedLinear(nn.Module):
    """A linear layer on flattened images that stay in channels-last memory, forward and backward.

    Flattening copies them to channels-first, and the gradient comes back so: every layer before then mixes layouts.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, images: Tensor) -> Tensor:
        """`[N, C, H, W]` or `[N, C] -> [N, K]`."""
        if images.dim() != 4:
            return _linear(images.flatten(1), self.linear.weight, self.linear.bias)
        weight = self.linear.weight.view(-1, *images.shape[1:])
        return _linear(as_rows(images), as_rows(weight), self.linear.bias)


class MeanPool2d(nn.Module):
    """Average pooling by windows side by side, as a mean over two dimensions of a view.

    Its backward pass copies, where torch's own on a GPU looks for each pixel's windows.
    """

    def __init__(self, pool: nn.AvgPool2d) -> None:
        super().__init__()
        self.pool = pool
        self._size = pool.kernel_size if isinstance(pool.kernel_size, int) else pool.kernel_size[0]

    def forward(self, images: Tensor) -> Tensor:
        """`[N, C, H, W] -> [N, C, H', W']`, both in channels-last memory."""
        size = self._size
        rows, columns = images.shape[2] // size, images.shape[3] // size
        whole = images.permute(0, 2, 3, 1)[:, : rows * size, : columns * size]
        windows = torch.unflatten(torch.unflatten(whole, 2, (columns, size)), 1, (rows, size))
        return windows.mean((2, 4)).permute(0, 3, 1, 2)


def _linear(values: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """`[N, M], [K, M], [K] -> [N, K]`."""
    if not values.is_cuda:
        return F.linear(values, weight, bias)
    biases: Tensor = Summed.apply(bias, len(values))  # type: ignore[no-untyped-call]
    return torch.mm(values, weight.t()) + biases


class Summed(torch.autograd.Function):
    """Biases `[K]` for every row of a batch of a GPU.

    With them in one call, few classes take a slow kernel forward. Backward a sum over rows is slow, along a row fast.
    """

    @staticmethod
    def forward(ctx: Any, bias: Tensor, count: int) -> Tensor:
        """`[K] -> [N, K]`, a view."""
        return bias.expand(count, -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """`[N, K] -> [K]`."""
        return gradients[0].t().contiguous().sum(1), None
