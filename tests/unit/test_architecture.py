"""Networks as plain data, held against the torch modules that follow from them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.architecture import Architecture, build_architecture
from engine.errors import SettingsError
from engine.experiment import ModelSettings
from engine.layers import AvgPool, Conv, Flatten, GlobalMaxPool, Layer, Linear, MaxPool, Relu
from engine.network import ImageNetwork, build_network
from engine.training.seeds import generator_for

CPU = torch.device("cpu")
POOLINGS = ["stride", "max", "avg"]


def network_of(architecture: Architecture) -> ImageNetwork:
    channels = architecture.input_shape[0]
    return build_network(architecture, [0.5] * channels, [0.25] * channels, generator_for(0, "weights", CPU))


@pytest.mark.parametrize(("pooling", "multiply_adds"), [("stride", 228_096), ("max", 1_334_016), ("avg", 1_334_016)])
def test_the_tactics_have_equal_parameters_and_known_work(pooling: str, multiply_adds: int) -> None:
    architecture = build_architecture(ModelSettings(pooling=pooling), (32, 32, 3), 3)  # type: ignore[arg-type]
    assert architecture.parameters == 21_699
    assert architecture.multiply_adds == multiply_adds


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize(("hidden", "size", "channels", "classes"), [(32, 32, 3, 3), (5, 48, 1, 7), (1, 16, 3, 2)])
def test_the_summary_agrees_with_the_torch_module(
    pooling: str, hidden: int, size: int, channels: int, classes: int
) -> None:
    model = ModelSettings(pooling=pooling, hidden_size=hidden)  # type: ignore[arg-type]
    check(build_architecture(model, (size, size, channels), classes), size, classes)


def test_every_kind_of_layer_agrees_with_its_torch_module() -> None:
    layers: tuple[Layer, ...] = (
        Conv(4, 3, 2, 1),
        Relu(),
        MaxPool(2),
        Conv(6, 1),
        AvgPool(2),
        GlobalMaxPool(),
        Linear(5),
    )
    check(Architecture((3, 32, 32), layers), 32, 5)
    check(Architecture((3, 16, 16), (Flatten(), Linear(2))), 16, 2)


def check(architecture: Architecture, size: int, classes: int) -> None:
    network = network_of(architecture)
    shapes: list[tuple[int, ...]] = []
    work: list[int] = []

    def note(module: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        shapes.append(tuple(output.shape[1:]))
        weight = getattr(module, "weight", None)
        work.append(0 if weight is None else weight[0].numel() * output[0].numel())

    for layer in network.layers:
        layer.register_forward_hook(note)
    images = torch.zeros((2, size, size, architecture.input_shape[0]), dtype=torch.uint8)
    assert network(images).shape == (2, classes)
    rows = architecture.summary()
    assert [row.output_shape for row in rows] == shapes
    assert [row.multiply_adds for row in rows] == work
    counts = [sum(p.numel() for p in layer.parameters()) for layer in network.layers]
    assert [row.parameters for row in rows] == counts


@pytest.mark.parametrize("pooling", ["max", "avg"])
def test_an_image_that_is_pooled_away_is_a_field_error(pooling: str) -> None:
    with pytest.raises(SettingsError) as error:
        build_architecture(ModelSettings(pooling=pooling), (8, 8, 3), 3)  # type: ignore[arg-type]
    assert error.value.field == "model.name"
    assert "a window of 4 does not fit into 2 pixels; use larger images" in error.value.message


@pytest.mark.parametrize("pooling", POOLINGS)
def test_every_tactic_overfits_one_batch(pooling: str) -> None:
    network = network_of(build_architecture(ModelSettings(pooling=pooling), (16, 16, 3), 2))  # type: ignore[arg-type]
    generator = generator_for(1, "images", CPU)
    images = torch.randint(0, 256, (16, 16, 16, 3), dtype=torch.uint8, generator=generator)
    labels = torch.arange(16) % 2
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert (network(images).argmax(1) == labels).all()


def test_weights_depend_on_their_generator_alone() -> None:
    architecture = build_architecture(ModelSettings(), (32, 32, 3), 3)
    first = network_of(architecture)
    torch.rand(3)  # the global generator moves, and nobody minds
    second = network_of(architecture)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_normalising_is_by_channel_and_to_nchw() -> None:
    from engine.network import Normalize

    images = torch.arange(2 * 4 * 4 * 3, dtype=torch.uint8).reshape(2, 4, 4, 3)
    out = Normalize([0.1, 0.2, 0.3], [0.5, 0.6, 0.7])(images)
    assert out.shape == (2, 3, 4, 4)
    expected = (images[1, 2, 3, 2].item() / 255 - 0.3) / 0.7
    assert out[1, 2, 2, 3].item() == pytest.approx(expected, rel=1e-6)
