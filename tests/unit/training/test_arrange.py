"""The layers as they are trained against the layers as they are described."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from engine.architecture import build_architecture
from engine.experiment import ModelSettings
from engine.network import build_network
from engine.training.arrange import FlattenedLinear, PatchConv2d, arrange
from engine.training.precision import EXACT, Precision

CPU = torch.device("cpu")


def results(layers: nn.Module, images: Tensor, weights: list[nn.Parameter]) -> list[Tensor]:
    """Output, and the gradients of the weights and of the images."""
    images = images.detach().requires_grad_()
    output = layers(images)
    loss = (output * torch.linspace(-1, 1, output[0].numel()).view(output.shape[1:])).sum()
    return [output, *torch.autograd.grad(loss, [*weights, images])]


def images_of(*shape: int) -> Tensor:
    images = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    return images.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("pooling", ["stride", "max", "avg"])
def test_outputs_and_gradients_are_those_of_the_network(pooling: Any) -> None:
    architecture = build_architecture(ModelSettings(pooling=pooling, hidden_size=4), (32, 32, 3), 3)
    layers = build_network(architecture, [0.5] * 3, [0.25] * 3, torch.Generator().manual_seed(0)).layers
    weights = list(layers.parameters())
    plain, arranged = (
        results(each, images_of(5, 3, 32, 32), weights) for each in (layers, arrange(layers, CPU, EXACT))
    )
    for a, b in zip(plain, arranged, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_pooling_before_the_rectifier_is_equal_to_the_bit() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4))
    arranged = arrange(layers, CPU, EXACT)
    assert [type(module) for module in arranged] == [nn.Conv2d, nn.MaxPool2d, nn.ReLU]
    weights = list(layers.parameters())
    for a, b in zip(*(results(each, images_of(4, 3, 16, 16), weights) for each in (layers, arranged)), strict=True):
        assert torch.equal(a, b)


def test_a_tie_in_a_window_goes_to_the_same_value() -> None:
    layers = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2))
    for values in ([1.0, 1.0, 0.0, -1.0], [-1.0, -2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [-1.0, 3.0, 3.0, 3.0]):
        images = torch.tensor(values).view(1, 1, 2, 2)
        plain, arranged = (results(each, images, []) for each in (layers, arrange(layers, CPU, EXACT)))
        assert torch.equal(plain[1], arranged[1]), values


@settings(deadline=None)  # the first products of matrices of a process are slow
@given(
    size=st.integers(1, 4),
    extra=st.integers(0, 3),
    padding=st.integers(0, 3),
    height=st.integers(1, 11),
    width=st.integers(1, 11),
)
def test_a_convolution_in_patches_is_the_convolution(
    size: int, extra: int, padding: int, height: int, width: int
) -> None:
    assume(size + extra > 1 and padding <= size // 2 + 1)
    assume(min(height, width) + 2 * padding >= size)
    convolution = nn.Conv2d(2, 3, size, size + extra, padding)
    arranged = arrange(nn.Sequential(convolution), CPU, EXACT)
    assert isinstance(arranged[0], PatchConv2d)
    images, weights = images_of(3, 2, height, width), list(convolution.parameters())
    for a, b in zip(*(results(each, images, weights) for each in (convolution, arranged)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_what_is_not_gained_from_is_left_alone() -> None:
    overlapping = nn.Conv2d(3, 4, 5, stride=4, padding=2)
    grouped = nn.Conv2d(4, 4, 3, stride=4, padding=1, groups=2)
    strided = nn.Conv2d(4, 4, 3, stride=4, padding=1)
    assert list(arrange(nn.Sequential(overlapping, grouped), CPU, EXACT)) == [overlapping, grouped]
    half = Precision(exact=False, dtype=torch.bfloat16)
    assert list(arrange(nn.Sequential(strided), CPU, half)) == [strided]
    assert list(arrange(nn.Sequential(strided), torch.device("cuda"), EXACT)) == [strided]


def test_a_linear_layer_takes_flat_values_too() -> None:
    linear = nn.Linear(6, 2)
    values = torch.randn(3, 6)
    assert torch.equal(FlattenedLinear(linear)(values), linear(values))


def test_gradients_arrive_in_channels_last_memory() -> None:
    """The one thing that the flattened layer is for: else each layer before it mixes two layouts."""
    layers = arrange(nn.Sequential(nn.Flatten(), nn.Linear(24, 2)), CPU, EXACT)
    images = images_of(5, 6, 2, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(layers(images).sum(), images)
    assert gradient.is_contiguous(memory_format=torch.channels_last)
