"""From a list of plain layers to a torch module, its weights drawn from a generator of the run's own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import singledispatch

import torch
from torch import Tensor, nn

from engine import blocks
from engine import layers as plain
from engine.architecture import Architecture
from engine.network import modules
from engine.network.modules import Normalize


class ImageNetwork(nn.Module):
    """A whole network: `normalize`, then `layers`; in eval mode with test-time flips, where they are on.

    Training may normalise its images once and call `logits` itself; evaluation and export run all of it.
    """

    def __init__(self, normalize: Normalize, layers: nn.Sequential, *, test_flips: bool = False) -> None:
        super().__init__()
        self.normalize = normalize
        self.layers = layers
        self.test_flips = test_flips

    def forward(self, images: Tensor) -> Tensor:
        """`uint8 [N, H, W, C] -> logits float32 [N, K]`."""
        return self.logits(self.normalize(images))

    def logits(self, normalised: Tensor, layers: nn.Sequential | None = None) -> Tensor:
        """`float32 [N, C, H, W] -> logits float32 [N, K]`, by `layers` where another form of the same is given."""
        layers = self.layers if layers is None else layers
        logits: Tensor = layers(normalised)
        if self.test_flips and not self.training:
            logits = (logits + layers(normalised.flip(3))) / 2
        return logits


def build_network(
    architecture: Architecture,
    mean: Sequence[float],
    std: Sequence[float],
    generator: torch.Generator,
    noise: torch.Generator | None = None,
) -> ImageNetwork:
    """The network on the CPU, with torch's default initial weights drawn from `generator` alone.

    Args:
        mean, std: per channel, of the training split, in units of [0, 1].
        generator: a CPU generator; the global one is neither read nor advanced.
        noise: what dropout draws from while training, on the device where that happens; None: eval mode alone.
    """
    stack = _stack(architecture.layers, architecture.input_shape)
    for module in stack.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            _initialize(module, generator)
        elif isinstance(module, modules.Dropout):
            module.generator = noise
    network = ImageNetwork(Normalize(mean, std), stack, test_flips=architecture.test_flips)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _stack(layers: Sequence[plain.Layer], shape: plain.Shape) -> nn.Sequential:
    stack = nn.Sequential()
    for layer in layers:
        stack.append(_module(layer, shape))
        shape = layer.output_shape(shape)
    return stack


def _with_room(module: nn.Module) -> nn.Module:
    """Memory for a module that has shapes only. `to_empty` does it too, and imports SymPy for it: 0.3 s."""
    for name, parameter in list(module.named_parameters()):
        setattr(module, name, nn.Parameter(torch.empty(parameter.shape, dtype=parameter.dtype)))
    return module


def _initialize(module: nn.Conv2d | nn.Linear, generator: torch.Generator) -> None:
    """torch's own default: uniform in ±1/√fan_in for weights and biases (kaiming_uniform with a = √5)."""
    nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5), generator=generator)
    bound = 1 / math.sqrt(module.weight[0].numel())
    if module.bias is not None:
        nn.init.uniform_(module.bias, -bound, bound, generator=generator)


@singledispatch
def _module(layer: plain.Layer, shape: plain.Shape) -> nn.Module:
    raise TypeError(f"no torch module is known for the layer {layer!r}")


@_module.register
def _(layer: plain.Conv, shape: plain.Shape) -> nn.Module:
    with torch.device("meta"):  # torch would draw initial weights from the global generator
        module = nn.Conv2d(shape[0], layer.filters, layer.kernel, layer.stride, layer.padding, bias=layer.bias)
    return _with_room(module)


@_module.register
def _(layer: plain.BatchNorm, shape: plain.Shape) -> nn.Module:
    return modules.BatchNorm2d(shape[0], layer.momentum)


@_module.register
def _(layer: plain.Relu, shape: plain.Shape) -> nn.Module:
    return nn.ReLU()


@_module.register
def _(layer: plain.Dropout, shape: plain.Shape) -> nn.Module:
    return modules.Dropout(layer.rate)


@_module.register
def _(layer: plain.Scale, shape: plain.Shape) -> nn.Module:
    return modules.Scale(layer.factor)


@_module.register
def _(layer: plain.MaxPool, shape: plain.Shape) -> nn.Module:
    return nn.MaxPool2d(layer.size)


@_module.register
def _(layer: plain.AvgPool, shape: plain.Shape) -> nn.Module:
    return nn.AvgPool2d(layer.size)


@_module.register
def _(layer: plain.GlobalMaxPool, shape: plain.Shape) -> nn.Module:
    return modules.GlobalMaxPool2d()


@_module.register
def _(layer: plain.GlobalAvgPool, shape: plain.Shape) -> nn.Module:
    return modules.GlobalAvgPool2d()


@_module.register
def _(layer: plain.Flatten, shape: plain.Shape) -> nn.Module:
    return nn.Flatten()


@_module.register
def _(layer: plain.Linear, shape: plain.Shape) -> nn.Module:
    with torch.device("meta"):
        module = nn.Linear(shape[0], layer.outputs)
    return _with_room(module)


@_module.register
def _(layer: blocks.Residual, shape: plain.Shape) -> nn.Module:
    return modules.Residual(_stack(layer.layers, shape), _stack(layer.shortcut, shape))
