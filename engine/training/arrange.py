"""The layers of a network in the order and form that costs least to train: the same function, the same parameters.

Reports and exported files use the network as it is described; the two may differ in the last bits of a sum, and a test
holds them together. What each rewriting saves is in docs/performance.md.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional as F

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
    if device.type == "cpu" and precision.dtype is torch.float32:
        arranged = [PatchConv2d(module) if _is_in_patches(module) else module for module in arranged]
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
            return F.linear(images.flatten(1), self.linear.weight, self.linear.bias)
        weight = self.linear.weight.view(-1, *images.shape[1:])
        return F.linear(_as_rows(images), _as_rows(weight), self.linear.bias)


class PatchConv2d(nn.Module):
    """A convolution whose patches do not overlap, as one product of matrices.

    Its backward pass is what is gained: no gradient is summed over patches.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution

    def forward(self, images: Tensor) -> Tensor:
        """`[N, C, H, W] -> [N, F, H', W']`, both in channels-last memory."""
        of = self.convolution
        made: Tensor = _PatchConv2d.apply(images, of.weight, of.bias, of.stride[0], of.padding[0])  # type: ignore[no-untyped-call]
        return made


class _PatchConv2d(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int) -> Tensor:
        count, channels, height, width = images.shape
        filters, size = weight.shape[0], weight.shape[2]
        rows, columns = ((side + 2 * padding - size) // stride + 1 for side in (height, width))
        # padded and cut to whole strides: [N, rows * stride, columns * stride, C]
        below, right = rows * stride - height - padding, columns * stride - width - padding
        padded = F.pad(images.permute(0, 2, 3, 1), (0, 0, padding, right, padding, below))
        cells = padded.view(count, rows, stride, columns, stride, channels)[:, :, :size, :, :size]
        patches = cells.permute(0, 1, 3, 2, 4, 5).reshape(-1, size * size * channels)
        kernel = _as_rows(weight)  # [F, k * k * C]
        ctx.save_for_backward(patches, kernel)
        ctx.shape, ctx.grid, ctx.patch = images.shape, (rows, columns, stride, padding), weight.shape
        return torch.addmm(bias, patches, kernel.t()).view(count, rows, columns, filters).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        patches, kernel = ctx.saved_tensors
        (count, channels, height, width), (rows, columns, stride, padding) = ctx.shape, ctx.grid
        filters, _, size, _ = ctx.patch
        gradient = gradients[0].permute(0, 2, 3, 1).reshape(-1, filters)
        of_weight = (gradient.t() @ patches).view(filters, size, size, channels).permute(0, 3, 1, 2)
        of_images = None
        if ctx.needs_input_grad[0]:
            high, wide = (max(n * stride, side + padding) for n, side in ((rows, height), (columns, width)))
            padded = gradient.new_zeros(count, high, wide, channels)
            cells = padded[:, : rows * stride, : columns * stride]
            cells = torch.unflatten(torch.unflatten(cells, 2, (columns, stride)), 1, (rows, stride))
            of_patches = (gradient @ kernel).view(count, rows, columns, size, size, channels)
            cells[:, :, :size, :, :size].copy_(of_patches.transpose(2, 3))
            of_images = padded[:, padding : padding + height, padding : padding + width].permute(0, 3, 1, 2)
        return of_images, of_weight, gradient.sum(0), None, None


def _is_in_patches(module: nn.Module) -> TypeGuard[nn.Conv2d]:
    return (
        isinstance(module, nn.Conv2d)
        and module.bias is not None
        and module.groups == 1
        and module.dilation == (1, 1)
        and module.kernel_size[0] == module.kernel_size[1] <= module.stride[0] == module.stride[1]
        and module.stride[0] > 1
        and isinstance(module.padding, tuple)
        and module.padding[0] == module.padding[1]
    )


def _as_rows(values: Tensor) -> Tensor:
    """`[N, C, H, W] -> [N, H * W * C]`, no copy where the memory is channels-last."""
    return values.permute(0, 2, 3, 1).flatten(1)
