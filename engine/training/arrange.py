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

from engine.training.convolution import PatchConv2d, gains_from_patches, most_patch_bytes
from engine.training.patches import as_rows
from engine.training.pooling import MeanPool2d
from engine.training.precision import Precision
from engine.training.side import Side

_FEW_CLASSES = 16  # up to which a GPU multiplies and sums sooner than it makes a product of matrices
_FEW_NUMBERS = 4 << 20  # of what it multiplies so, an image by a class by a value: nobody counts their memory


def arrange(layers: nn.Sequential, device: torch.device, precision: Precision, side: Side) -> nn.Sequential:
    """The layers for training; modules and parameters are those of `layers`.

    Args:
        side: where gradients may be made that no other layer waits for; to be joined before they are used.
    """
    arranged = list(layers)
    for place, (first, second) in enumerate(pairwise(layers)):
        if isinstance(first, nn.ReLU) and isinstance(second, nn.MaxPool2d):
            arranged[place : place + 2] = [second, first]  # equal to the bit, on a sixteenth of the values
    for place, (first, second) in enumerate(pairwise(arranged)):
        if isinstance(first, nn.Flatten) and isinstance(second, nn.Linear):
            arranged[place : place + 2] = [nn.Identity(), FlattenedLinear(second, side)]
    on_gpu = device.type == "cuda"
    for place, module in enumerate(arranged):
        if precision.dtype is torch.float32 and gains_from_patches(module, device):
            rectifies, most = on_gpu and _take_rectifier(arranged, place), most_patch_bytes(device, precision)
            arranged[place] = PatchConv2d(module, side, most, keeps_memory=on_gpu, rectifies=rectifies)
        elif on_gpu and isinstance(module, nn.AvgPool2d):
            arranged[place] = MeanPool2d(module, rectifies=_take_rectifier(arranged, place))
    return nn.Sequential(*arranged)


def _take_rectifier(layers: list[nn.Module], place: int) -> bool:
    """Whether the layer before `place` is a rectifier; it is taken out, for the layer there to do its work."""
    if place == 0 or not isinstance(layers[place - 1], nn.ReLU):
        return False
    layers[place - 1] = nn.Identity()
    return True


class FlattenedLinear(nn.Module):
    """A linear layer on flattened images that stay in channels-last memory, forward and backward.

    Flattening copies them to channels-first, and the gradient comes back so: every layer before then mixes layouts.
    """

    def __init__(self, linear: nn.Linear, side: Side) -> None:
        super().__init__()
        self.linear, self._side = linear, side

    def forward(self, images: Tensor) -> Tensor:
        """`[N, C, H, W]` or `[N, C] -> [N, K]`."""
        linear, shape = self.linear, images.shape[1:]
        values = images.flatten(1) if len(shape) == 1 else as_rows(images)
        if images.is_cuda:
            made: Tensor = LinearOnGpu.apply(values, linear.weight, linear.bias, shape, self._side)  # type: ignore[no-untyped-call]
            return made
        return F.linear(values, _as_values(linear.weight, shape), linear.bias)


def _as_values(weight: Tensor, shape: torch.Size) -> Tensor:
    """`[K, C · H · W] -> [K, H · W · C]`; as it is, where images are no planes."""
    return weight if len(shape) == 1 else as_rows(weight.view(-1, *shape))


class LinearOnGpu(torch.autograd.Function):
    """A linear layer of few classes; `shape` is that of the images that its values were.

    With the biases in the same call, few classes take a slow kernel forward. Backward a sum over rows is slow, along a
    row fast; and no other layer waits for the gradient of the parameters. It is so small that casting it gains nothing.
    """

    @staticmethod
    @torch.amp.custom_fwd(device_type="cuda", cast_inputs=torch.float32)  # type: ignore[untyped-decorator]
    def forward(ctx: Any, values: Tensor, weight: Tensor, bias: Tensor, shape: torch.Size, side: Side) -> Tensor:
        """`[N, M], [K, M], [K] -> [N, K]`."""
        kernel = _as_values(weight, shape)
        ctx.save_for_backward(values, weight, kernel)
        ctx.shape, ctx.side = shape, side
        if len(kernel) <= _FEW_CLASSES and len(kernel) * values.numel() <= _FEW_NUMBERS:
            return (values[:, None] * kernel).sum(2) + bias
        return torch.mm(values, kernel.t()) + bias

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """`[N, K] -> [N, M], [K, M], [K]`."""
        (values, weight, kernel), gradient = ctx.saved_tensors, gradients[0]
        with ctx.side.work(gradient, values):
            of_weight = gradient.t() @ values
            if len(ctx.shape) == 3:
                channels, height, width = ctx.shape
                planes = of_weight.view(-1, height, width, channels).permute(0, 3, 1, 2)
                of_weight = planes.reshape(weight.shape)
            of_bias = gradient.t().contiguous().sum(1)
        of_values = gradient @ kernel if ctx.needs_input_grad[0] else None
        return of_values, of_weight, of_bias, None, None
