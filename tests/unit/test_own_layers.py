"""`model.layers`: a network of one's own, with errors that name the layer and its key."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from engine.architecture import build_architecture
from engine.blocks import LAYER_TYPES
from engine.configuration import to_toml
from engine.errors import SettingsError
from engine.experiment import Experiment

TOML = """
[model]
pooling = "avg"

[[model.layers]]
type = "conv"
filters = 8
kernel = 3
padding = 1
bias = false

[[model.layers]]
type = "batch_norm"

[[model.layers]]
type = "residual"
layers = [{type = "conv", filters = 16, kernel = 3, stride = 2, padding = 1}, {type = "relu"}]
shortcut = [{type = "avg_pool", size = 2}, {type = "conv", filters = 16, kernel = 1}]

[[model.layers]]
type = "reduce"
filters = 12
by = 4

[[model.layers]]
type = "global_avg_pool"

[[model.layers]]
type = "linear"
"""


def test_a_network_in_toml_is_built_and_comes_back() -> None:
    experiment = Experiment.build(tomllib.loads(TOML))
    assert experiment.model.name == "custom"
    assert experiment.model.depends_on_pooling
    architecture = build_architecture(experiment.model, (32, 32, 3), 5)
    assert architecture.classes == 5
    assert [row.name for row in architecture.summary()] == [
        "1 conv 3x3",
        "2 batch norm",
        "3.1 conv 3x3 /2",
        "3.2 relu",
        "3.s1 average pool 2",
        "3.s2 conv 1x1",
        "3 residual sum",
        "4 conv 3x3",
        "5 relu",
        "6 average pool 4",
        "7 global average pool",
        "8 linear",
    ]
    again = Experiment.build(tomllib.loads(to_toml(experiment.to_dict())))
    assert again == experiment
    assert again.fingerprint == experiment.fingerprint != Experiment().fingerprint


CONV = {"type": "conv", "filters": 4, "kernel": 3}
PROBLEMS: list[tuple[Any, str, str]] = [
    (3, "model.layers", "is not a list of layers"),
    ([3], "model.layers[0]", "3 is not a layer"),
    ([CONV, {"type": "conw"}], "model.layers[1].type", "(did you mean conv?)"),
    ([{"kind": "conv"}], "model.layers[0].type", "is missing; allowed are conv, "),
    ([{"type": "conv", "filters": 4}], "model.layers[0].kernel", "is missing; allowed is 1 … 512"),
    ([{**CONV, "kernel": 0}], "model.layers[0].kernel", "0 is not in 1 … 512"),
    ([{**CONV, "kernel": 3.5}], "model.layers[0].kernel", "3.5 is not a whole number in 1 … 512"),
    ([{**CONV, "krenel": 3}], "model.layers[0].krenel", "there is no such key (did you mean kernel?)"),
    ([{"type": "dropout", "rate": 1.0}], "model.layers[0].rate", "(below) 1"),
    (
        [{"type": "residual", "layers": [{**CONV, "bias": 1}]}],
        "model.layers[0].layers[0].bias",
        "neither true nor false",
    ),
    ([{"type": "residual", "layers": [{"type": "linear"}]}], "model.layers[0].layers[0].type", "is not one of conv"),
    ([{"type": "residual"}], "model.layers[0].layers", "is missing; allowed is a list of layers"),
]


@pytest.mark.parametrize(("layers", "field", "words"), PROBLEMS)
def test_a_wrong_layer_is_named_with_its_key(layers: Any, field: str, words: str) -> None:
    with pytest.raises(SettingsError) as error:
        Experiment.build({"model": {"layers": layers}})
    (problem,) = error.value.problems
    assert problem.field == field
    assert words in problem.message


LINEAR = {"type": "linear"}
FLAT = {"type": "flatten"}
MISFITS: list[tuple[Any, str, str]] = [
    ([CONV, {"type": "max_pool", "size": 40}, FLAT, LINEAR], "model.layers[1].size", "40 does not fit into 30 pixels"),
    ([{**CONV, "kernel": 40}, FLAT, LINEAR], "model.layers[0].kernel", "given 3x32x32: a window of 40 does not fit"),
    ([CONV, LINEAR], "model.layers[1]", "needs a vector [F], got [4, 30, 30]: put a flatten"),
    ([FLAT, CONV, LINEAR], "model.layers[1]", "needs an image [C, H, W], got [3072]"),
    ([{"type": "residual", "layers": [CONV]}, FLAT, LINEAR], "model.layers[0].shortcut", "cannot add"),
    (
        [{"type": "residual", "layers": [CONV, {**CONV, "kernel": 99}]}, FLAT, LINEAR],
        "model.layers[0].layers[1].kernel",
        "99 does not fit into 30",
    ),
    (
        [CONV, {"type": "reduce", "filters": 4, "by": 8}, {"type": "max_pool", "size": 4}],
        "model.layers[2].size",
        "4 does",
    ),
    ([CONV, FLAT], "model.layers[1]", "must end in a linear layer with an output for each of the 3 classes"),
    ([FLAT, {"type": "linear", "outputs": 2}], "model.layers[1]", "each of the 3 classes"),
]


@pytest.mark.parametrize(("layers", "field", "words"), MISFITS)
def test_layers_that_do_not_fit_together_are_named_before_anything_starts(layers: Any, field: str, words: str) -> None:
    experiment = Experiment.build({"model": {"layers": layers}})
    with pytest.raises(SettingsError) as error:
        build_architecture(experiment.model, (32, 32, 3), 3)
    (problem,) = error.value.problems
    assert problem.field == field
    assert words in problem.message


def test_a_name_and_layers_of_ones_own_exclude_each_other() -> None:
    for model, words in (
        ({"name": "lab", "layers": [FLAT, LINEAR]}, "custom"),
        ({"name": "custom"}, "needs them"),
        ({"layers": [FLAT, LINEAR], "dropout": 0.1}, "as a layer"),
    ):
        with pytest.raises(SettingsError, match=words):
            Experiment.build({"model": model})


def test_every_kind_of_layer_says_its_type() -> None:
    for name, layer in LAYER_TYPES.items():
        assert layer.__pydantic_fields__["type"].default == name
        assert layer.__doc__
