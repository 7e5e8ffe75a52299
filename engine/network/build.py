"""From a list of plain layers to a torch module, its weights drawn from a generator of the run's own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import singledispatch

import torch
from torch import Tensor, nn

from engine import architecture as plain
from engine.network.modules import GlobalMaxPool2d, Normalize


class ImageNetwork(nn.Module):
    """A whole network: `normalize`, then `layers`.

    Training may normalise its images once and call `layers` itself; evaluation and export run all of it.
    """

    def __init__(self, normalize: Normalize, layers: nn.Sequential) -> None:
        super().__init__()
        self.normalize = normalize
        self.layers = layers

    def forward(self, images: Tensor) -> Tensor:
        """`uint8 [N, H, W, C] -> logits float32 [N, K]`."""
        logits: Tensor = self.layers(self.normalize(images))
        return logits


def build_network(
    architecture: plain.Architecture, mean: Sequence[float], std: Sequence[float], generator: torch.Generator
) -> ImageNetwork:
    """The network on the CPU, with torch's default initial weights drawn from `generator` alone.

    Args:
        mean, std: per channel, of the training split, in units of [0, 1].
        generator: a CPU generator; the global one is neither read nor advanced.
    """
    modules: list[nn.Module] = []
    shape: plain.Shape = architecture.input_shape
    for layer in architecture.layers:
        with torch.device("meta"):
            module = _module(layer, shape)
        module = module.to_empty(device="cpu")
        for child in module.modules():
            if isinstance(child, nn.Conv2d | nn.Linear):
                _initialize(child, generator)
        modules.append(module)
        shape = layer.output_shape(shape)
    network = ImageNetwork(Normalize(mean, std), nn.Sequential(*modules))
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


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
    return nn.Conv2d(shape[0], layer.filters, layer.kernel, layer.stride, layer.padding)


@_module.register
def _(layer: plain.Relu, shape: plain.Shape) -> nn.Module:
    return nn.ReLU()


@_module.register
def _(layer: plain.MaxPool, shape: plain.Shape) -> nn.Module:
    return nn.MaxPool2d(layer.size)


@_module.register
def _(layer: plain.AvgPool, shape: plain.Shape) -> nn.Module:
    return nn.AvgPool2d(layer.size)


@_module.register
def _(layer: plain.GlobalMaxPool, shape: plain.Shape) -> nn.Module:
    return GlobalMaxPool2d()


@_module.register
def _(layer: plain.Flatten, shape: plain.Shape) -> nn.Module:
    return nn.Flatten()


@_module.register
def _(layer: plain.Linear, shape: plain.Shape) -> nn.Module:
    return nn.Linear(shape[0], layer.outputs)
