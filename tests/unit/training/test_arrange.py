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
from engine.training.arrange import FlattenedLinear, LinearOnGpu, arrange
from engine.training.convolution import MadePatches, PatchConv2d
from engine.training.loss import CrossEntropy
from engine.training.patches import as_rows
from engine.training.pooling import MeanPool2d
from engine.training.precision import EXACT, Precision
from engine.training.side import Side

CPU = torch.device("cpu")
SIDE = Side(CPU)


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
        results(each, images_of(5, 3, 32, 32), weights) for each in (layers, arrange(layers, CPU, EXACT, SIDE))
    )
    for a, b in zip(plain, arranged, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_pooling_before_the_rectifier_is_equal_to_the_bit() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4))
    arranged = arrange(layers, CPU, EXACT, SIDE)
    assert [type(module) for module in arranged] == [nn.Conv2d, nn.MaxPool2d, nn.ReLU]
    weights = list(layers.parameters())
    for a, b in zip(*(results(each, images_of(4, 3, 16, 16), weights) for each in (layers, arranged)), strict=True):
        assert torch.equal(a, b)


def test_a_tie_in_a_window_goes_to_the_same_value() -> None:
    layers = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2))
    for values in ([1.0, 1.0, 0.0, -1.0], [-1.0, -2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [-1.0, 3.0, 3.0, 3.0]):
        images = torch.tensor(values).view(1, 1, 2, 2)
        plain, arranged = (results(each, images, []) for each in (layers, arrange(layers, CPU, EXACT, SIDE)))
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
    arranged = arrange(nn.Sequential(convolution), CPU, EXACT, SIDE)
    assert isinstance(arranged[0], PatchConv2d)
    assert_same_results(convolution, arranged, images_of(3, 2, height, width))


def assert_same_results(convolution: nn.Module, patches: nn.Module, images: Tensor) -> None:
    weights = list(convolution.parameters())
    for a, b in zip(*(results(each, images, weights) for each in (convolution, patches)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("keeps_memory", "rectifies"), [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(5, 4, 2), (3, 1, 1), (3, 2, 0), (1, 1, 0), (2, 3, 1), (3, 4, 1)]
)
def test_patches_may_overlap(
    size: int, stride: int, padding: int, channels: int, bias: bool, rectifies: bool, keeps_memory: bool
) -> None:
    """As a GPU takes them."""
    convolution = nn.Conv2d(channels, 3, size, stride, padding, bias=bias)
    patches = PatchConv2d(convolution, SIDE, keeps_memory=keeps_memory, rectifies=rectifies)
    plain = nn.Sequential(nn.ReLU(), convolution) if rectifies else convolution
    for count in (4, 3, 5, 2):  # their memory is used again, and grows
        assert_same_results(plain, patches, images_of(count, channels, 9, 7))


@pytest.mark.parametrize("rectifies", [True, False])
def test_patches_that_take_too_much_memory_are_not_made(rectifies: bool) -> None:
    convolution = nn.Conv2d(2, 3, 3, padding=1)
    patches = PatchConv2d(convolution, SIDE, most_bytes=4 * 4 * 9 * 7 * 9 * 2, rectifies=rectifies)
    plain = nn.Sequential(nn.ReLU(), convolution) if rectifies else convolution
    assert torch.equal(patches(images_of(5, 2, 9, 7)), plain(images_of(5, 2, 9, 7)))
    assert patches._patches is None
    assert_same_results(plain, patches, images_of(4, 2, 9, 7))
    assert patches._patches is not None


@pytest.mark.parametrize("bias", [True, False])
def test_patches_made_beforehand_give_what_the_convolution_gives(bias: bool) -> None:
    convolution = nn.Conv2d(2, 3, 5, 4, 2, bias=bias)
    weights, images = list(convolution.parameters()), images_of(4, 2, 9, 7)
    made = MadePatches(convolution, images)
    for count in (4, 3):
        rows = made.make(images[:count]).clone()
        outputs = convolution(images[:count]), made(rows)
        gradients = (torch.autograd.grad((output**2).sum(), weights) for output in outputs)
        for a, b in zip((outputs[0], *next(gradients)), (outputs[1], *next(gradients)), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("classes", [3, 40])
@pytest.mark.parametrize("shape", [(12,), (3, 2, 2)])
def test_the_linear_layer_of_a_gpu_is_the_linear_layer(shape: tuple[int, ...], classes: int) -> None:
    linear, images = nn.Linear(12, classes), torch.randn(5, *shape, requires_grad=True)
    values = images if len(shape) == 1 else as_rows(images)
    made = LinearOnGpu.apply(values, linear.weight, linear.bias, images.shape[1:], SIDE)  # type: ignore[no-untyped-call]
    plain, gradient = linear(images.flatten(1)), torch.randn(5, classes)
    torch.testing.assert_close(made, plain)
    parameters = [images, linear.weight, linear.bias]
    for a, b in zip(*(torch.autograd.grad(each, parameters, gradient) for each in (made, plain)), strict=True):
        torch.testing.assert_close(a, b)


def test_a_product_by_hand_takes_no_memory_that_nobody_counted() -> None:
    """Few classes of large images: a number for each image, class and value is more than the images themselves."""
    linear, values = nn.Linear(1 << 14, 16), torch.randn(32, 1 << 14)
    arguments = values, linear.weight, linear.bias, values.shape[1:], SIDE
    with torch.profiler.profile(profile_memory=True, acc_events=True) as seen:
        LinearOnGpu.apply(*arguments)  # type: ignore[no-untyped-call]
    assert max(event.cpu_memory_usage for event in seen.events()) < values.nbytes


@pytest.mark.parametrize("rectifies", [True, False])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (9, 11)])
def test_a_mean_over_windows_is_average_pooling(height: int, width: int, rectifies: bool) -> None:
    pool = nn.AvgPool2d(4)
    images, plain = images_of(3, 5, height, width), nn.Sequential(nn.ReLU(), pool) if rectifies else pool
    mean = MeanPool2d(pool, rectifies=rectifies)
    for a, b in zip(*(results(each, images, []) for each in (plain, mean)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6)
        assert b.is_contiguous(memory_format=torch.channels_last)


def test_a_gpu_rectifies_where_the_next_layer_takes_its_patches_or_means() -> None:
    first, second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 5, 3, padding=1)
    layers = nn.Sequential(nn.ReLU(), first, nn.ReLU(), second, nn.ReLU(), nn.AvgPool2d(2), nn.ReLU())
    arranged = arrange(layers, torch.device("cuda"), EXACT, SIDE)
    kinds = [nn.Identity, PatchConv2d, nn.Identity, PatchConv2d, nn.Identity, MeanPool2d, nn.ReLU]
    assert [type(module) for module in arranged] == kinds
    weights = list(layers.parameters())
    for a, b in zip(*(results(each, images_of(2, 3, 6, 6), weights) for each in (layers, arranged)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_of_a_gpu_is_the_cross_entropy(smoothing: float) -> None:
    labels, logits = torch.tensor([0, 2, 1, 2, 2]), torch.randn(5, 3, requires_grad=True)
    results = []
    for on_gpu in (False, True):
        loss = CrossEntropy(torch.arange(3), smoothing, SIDE, on_gpu=on_gpu)
        value = loss.of(logits, labels, loss.targets(labels))
        results.append((value, *torch.autograd.grad(value, logits)))
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)


def test_what_is_not_gained_from_is_left_alone() -> None:
    overlapping = nn.Conv2d(3, 4, 5, stride=4, padding=2)
    grouped = nn.Conv2d(4, 4, 3, stride=4, padding=1, groups=2)
    strided = nn.Conv2d(4, 4, 3, stride=4, padding=1)
    assert list(arrange(nn.Sequential(overlapping, grouped), CPU, EXACT, SIDE)) == [overlapping, grouped]
    half = Precision(exact=False, dtype=torch.bfloat16)
    assert list(arrange(nn.Sequential(strided), CPU, half, SIDE)) == [strided]


def test_a_gpu_takes_every_plain_convolution_in_patches() -> None:
    plain = nn.Conv2d(3, 4, 5, stride=4, padding=2)
    others = [
        nn.Conv2d(4, 4, 3, groups=2),
        nn.Conv2d(4, 4, 3, dilation=2),
        nn.Conv2d(4, 4, (3, 1)),
        nn.Conv2d(4, 4, 3, padding="same"),
    ]
    arranged = arrange(nn.Sequential(plain, *others, nn.AvgPool2d(2)), torch.device("cuda"), EXACT, SIDE)
    assert [type(module) for module in arranged] == [PatchConv2d, *[nn.Conv2d] * 4, MeanPool2d]


def test_a_linear_layer_takes_flat_values_too() -> None:
    linear = nn.Linear(6, 2)
    values = torch.randn(3, 6)
    assert torch.equal(FlattenedLinear(linear, SIDE)(values), linear(values))


def test_gradients_arrive_in_channels_last_memory() -> None:
    """The one thing that the flattened layer is for: else each layer before it mixes two layouts."""
    layers = arrange(nn.Sequential(nn.Flatten(), nn.Linear(24, 2)), CPU, EXACT, SIDE)
    images = images_of(5, 6, 2, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(layers(images).sum(), images)
    assert gradient.is_contiguous(memory_format=torch.channels_last)
