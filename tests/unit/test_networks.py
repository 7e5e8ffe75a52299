"""Every network that has a name, found by introspection: shapes, summary, learning, export."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from engine.architecture import Architecture, build_architecture
from engine.experiment import ModelSettings, choices
from engine.layers import Dropout
from engine.network import ImageNetwork, build_network
from engine.networks import NETWORKS
from engine.onnx_graph import build_graph
from engine.onnx_model import OnnxModel
from engine.training.seeds import generator_for

CPU = torch.device("cpu")
POOLINGS = choices("model.pooling")
EVERY = [(name, pooling) for name in NETWORKS for pooling in POOLINGS]


def architecture_of(name: str, pooling: str, *, side: int = 32, classes: int = 3, flips: bool = False) -> Architecture:
    model = ModelSettings(name=name, pooling=pooling, hidden_size=6, dropout=0.2)  # type: ignore[arg-type]
    return build_architecture(model, (side, side, 3), classes, test_flips=flips)


def network_of(architecture: Architecture) -> ImageNetwork:
    weights, noise = generator_for(0, "weights", CPU), generator_for(0, "dropout", CPU)
    return build_network(architecture, [0.5] * 3, [0.25] * 3, weights, noise)


def test_the_networks_are_those_of_the_setting() -> None:
    assert (*NETWORKS, "custom") == choices("model.name")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_tactics_share_parameters_and_shape_and_differ_in_work(name: str) -> None:
    stride, most, mean = (architecture_of(name, pooling) for pooling in POOLINGS)
    assert stride.parameters == most.parameters == mean.parameters
    assert stride.classes == most.classes == mean.classes == 3
    assert stride.multiply_adds < most.multiply_adds == mean.multiply_adds
    assert most.layers != mean.layers


@pytest.mark.parametrize(("name", "pooling"), EVERY)
@pytest.mark.parametrize("side", [16, 48])
def test_the_summary_agrees_with_the_torch_module(name: str, pooling: str, side: int) -> None:
    architecture = architecture_of(name, pooling, side=side, classes=7)
    network = network_of(architecture).eval()
    shapes: list[tuple[int, ...]] = []
    work: list[int] = []

    def note(module: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        shapes.append(tuple(output.shape[1:]))
        weight = getattr(module, "weight", None)
        multiplies = isinstance(module, nn.Conv2d | nn.Linear) and weight is not None
        work.append(weight[0].numel() * output[0].numel() if multiplies else 0)

    containers = [module for module in network.layers.modules() if isinstance(module, nn.Sequential)]
    for module in network.layers.modules():
        if module not in containers:
            module.register_forward_hook(note)
    assert network(torch.zeros((2, side, side, 3), dtype=torch.uint8)).shape == (2, 7)
    rows = architecture.summary()
    assert [row.output_shape for row in rows] == shapes
    assert [row.multiply_adds for row in rows] == work
    assert architecture.parameters == sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(("name", "pooling"), EVERY)
def test_it_overfits_one_batch(name: str, pooling: str) -> None:
    network = network_of(architecture_of(name, pooling, side=16))
    images = torch.randint(0, 256, (15, 16, 16, 3), dtype=torch.uint8, generator=generator_for(1, "images", CPU))
    labels = torch.arange(15) % 3
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01)
    for _ in range(80):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(images), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert (network.eval()(images).argmax(1) == labels).all()


@pytest.mark.parametrize(("name", "pooling"), EVERY)
@pytest.mark.parametrize("flips", [False, True])
def test_it_exports_to_a_graph_that_computes_the_same(name: str, pooling: str, flips: bool) -> None:
    architecture = architecture_of(name, pooling, flips=flips)
    network = network_of(architecture)
    images = torch.randint(0, 256, (40, 32, 32, 3), dtype=torch.uint8, generator=generator_for(1, "images", CPU))
    with torch.no_grad():
        network(images)  # running statistics that are not those of the start
        expected = network.eval()(images).numpy()
    weights = {key: tensor.contiguous().numpy() for key, tensor in network.state_dict().items()}
    data = build_graph(architecture, (32, 32, 3), weights, {"classes": json.dumps(["a", "b", "c"])})
    found = OnnxModel(data, "model").logits(images.numpy())
    np.testing.assert_allclose(found, expected, atol=1e-5)
    if flips:
        mirrored = OnnxModel(data, "model").logits(images.flip(2).numpy())
        np.testing.assert_allclose(mirrored, found, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_dropout_is_before_the_last_layer_and_draws_from_its_own_generator(name: str) -> None:
    assert sum(isinstance(layer, Dropout) for layer in architecture_of(name, "max").layers) == 1
    network = network_of(architecture_of(name, "max"))
    images = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8, generator=generator_for(1, "images", CPU))
    before = torch.get_rng_state()
    first, second = network(images), network(images)
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.equal(first, second)
    network.eval()
    assert torch.equal(network(images), network(images))
