"""Settings: every problem at once, in words that say what to do; one object from every source."""

from __future__ import annotations

import json
import math
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SettingsError
from engine.experiment import Experiment, choices, describe_setting, later_defaults, setting_fields

PROBLEMS: list[tuple[str, Any, str]] = [
    ("dataset.name", "cifar1000", "did you mean cifar100?"),
    ("dataset.classes", 7.5, "not a list of class names"),
    ("dataset.classes", ["a", ""], "empty class name"),
    ("dataset.validation", 0.6, "0 … 0.5"),
    ("dataset.validation", "train", '"test"'),
    ("dataset.validation", True, '"test"'),
    ("dataset.image_size", 40, "multiple of 16"),
    ("dataset.image_size", 8, "16 … 512"),
    ("model.name", "labb", "did you mean lab?"),
    ("model.pooling", "maxx", "is not one of stride, max, avg (did you mean max?)"),
    ("model.hidden_size", 0, "1 … 4,096"),
    ("training.epochs", 0, "1 … 1,000,000"),
    ("training.epochs", -3, "1 … 1,000,000"),
    ("training.epochs", 10**9, "1 … 1,000,000"),
    ("training.epochs", 2.0, "not a whole number"),
    ("training.epochs", True, "not a whole number"),
    ("training.epochs", "ten", "not a whole number"),
    ("training.lr", math.nan, "not a finite number"),
    ("training.lr", math.inf, "not a finite number"),
    ("training.lr", 0, "(above) 0"),
    ("training.lr", "fast", "not a number"),
    ("training.momentum", 1.0, "(below) 1"),
    ("training.nesterov", 1, "neither true nor false"),
    ("training.nesterov", True, "needs momentum"),
    ("training.schedule", "cosin", "did you mean cosine?"),
    ("training.epoch", 3, "did you mean training.epochs?"),
    ("model.lr", 3, "did you mean training.lr?"),
    ("traning", {"lr": 1}, "did you mean training?"),
    ("training", 3, "not a table"),
    ("dataset.train_fraction", 0, "(above) 0 … 1"),
    ("training.flips", "mirror", "is not one of none, random, alternating"),
    ("training.shift", -1, "0 … 64"),
    ("training.label_smoothing", 1.0, "(below) 1"),
    ("training.ema", 1, "(below) 1"),
    ("training.warmup", 0.95, "0 … 0.9"),
    ("training.test_flips", "yes", "neither true nor false"),
    ("model.dropout", 1.0, "(below) 1"),
]


IN_TOML = [
    ("training.epochs = true", "training.epochs: true is not a whole number in 1 … 1,000,000"),
    ("training.lr = false", "training.lr: false is not a number in (above) 0 … 1,000,000,000"),
    ("training.lr = 1979-05-27", "training.lr: 1979-05-27 is not a number in"),
    ("training.lr = 1979-05-27T07:32:00Z", "training.lr: 1979-05-27T07:32:00Z is not a number in"),
    ("training.lr = 07:32:00", "training.lr: 07:32:00 is not a number in"),
    ("training.lr = 0", "training.lr: 0 is not in (above) 0"),
    ("training.nesterov = [true, 1, 'a']", "training.nesterov: [true, 1, 'a'] is neither true nor false"),
    ("model.pooling = true", "model.pooling: true is not one of stride, max, avg"),
    ("model.name = 1979-05-27", "model.name: 1979-05-27 is not one of lab, "),
    ("model.pooling = {'a b' = true}", "model.pooling: {'a b' = true} is not one of stride"),
    ("dataset.validation = true", "dataset.validation: true is neither a fraction in 0 … 0.5"),
    ("dataset.classes = [true]", "dataset.classes: [true] is not a list of class names or indices"),
    ("dataset.name = [['cifar10']]", "dataset.name: [['cifar10']] is not one of digits"),
    ("dataset = true", "dataset: true is not a table of settings (name, classes"),
    ("model.layers = [{type = true}]", "model.layers[0].type: true is not one of conv"),
    ("model.layers = [{type = 'conv', filters = true, kernel = 3}]", "filters: true is not a whole number in 1 … "),
    ("model.layers = [{type = ['conv']}]", "model.layers[0].type: ['conv'] is not one of conv"),
    ("model.layers = [1979-05-27]", "model.layers[0]: 1979-05-27 is not a layer"),
    ("model.layers = true", "model.layers: true is not a list of layers"),
]


@pytest.mark.parametrize(("text", "words"), IN_TOML)
def test_a_wrong_value_is_shown_as_its_user_wrote_it(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as error:
        Experiment.build(tomllib.loads(text))
    assert len(error.value.message.splitlines()) == 1
    assert words in error.value.message


@pytest.mark.parametrize(("field", "value", "words"), PROBLEMS)
def test_a_wrong_setting_names_its_field_and_what_is_allowed(field: str, value: Any, words: str) -> None:
    section, _, key = field.partition(".")
    with pytest.raises(SettingsError) as error:
        Experiment.build({section: {key: value} if key else value})
    (problem,) = error.value.problems
    assert problem.field == field
    assert words in problem.message


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        Experiment.build({"model": {"pooling": "x"}, "training": {"epochs": 0, "lr": math.nan}})
    assert {problem.field for problem in error.value.problems} == {"model.pooling", "training.epochs", "training.lr"}
    assert len(error.value.message.splitlines()) == 3


def test_momentum_is_for_sgd_alone() -> None:
    with pytest.raises(SettingsError, match="only sgd has it"):
        Experiment.build({"training": {"optimizer": "adamw", "momentum": 0.9}})


def test_the_fingerprint_is_blind_to_seed_and_threads_alone() -> None:
    plain = Experiment()
    assert plain.replace("training.seed", 5).fingerprint == plain.fingerprint
    assert plain.replace("training.threads", 2).fingerprint == plain.fingerprint
    for field, value in (("training.lr", 0.1), ("model.pooling", "avg"), ("dataset.split_seed", 1)):
        assert plain.replace(field, value).fingerprint != plain.fingerprint


def test_settings_that_came_later_leave_the_fingerprints_of_old_experiments_as_they_were() -> None:
    from engine.run_keys import LATER_DEFAULTS

    assert Experiment().fingerprint == "2ec4023be34f3915"  # as the first version had it
    later = {field: json.loads(json.dumps(default)) for field, default in later_defaults().items()}
    assert later == LATER_DEFAULTS
    assert Experiment().replace("training.ema", 0.9).fingerprint != Experiment().fingerprint


def test_every_setting_is_described_for_a_form() -> None:
    for field in setting_fields():
        described = describe_setting(field)
        assert described.description
        assert described.kind in ("words", "whole", "number", "flag", "classes", "validation", "layers")
        assert bool(described.choices) == (described.kind == "words")
        assert (described.range is not None) == (described.kind in ("whole", "number"))


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Experiment().training.lr = 1.0  # type: ignore[misc]


def test_choices_are_those_of_the_types() -> None:
    assert choices("model.pooling") == ("stride", "max", "avg")
    assert choices("training.lr") == ()
    assert "dataset.classes" in setting_fields()


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "dataset": st.fixed_dictionaries(
            {},
            optional={
                "classes": st.lists(st.text("abc é", min_size=1).filter(str.strip), max_size=3),
                "validation": st.one_of(st.just("test"), st.floats(0, 0.5)),
                "split_seed": st.integers(0, 2**32 - 1),
            },
        ),
        "model": st.fixed_dictionaries({}, optional={"pooling": st.sampled_from(["stride", "max", "avg"])}),
        "training": st.fixed_dictionaries(
            {}, optional={"epochs": st.integers(1, 1_000_000), "lr": st.floats(1e-300, 1e9), "seed": st.integers(0, 99)}
        ),
    },
)


@given(SETTINGS)
def test_an_experiment_comes_back_from_its_dictionary_and_its_toml(settings: dict[str, Any]) -> None:
    import tomllib

    from engine.configuration import to_toml

    experiment = Experiment.build(settings)
    assert Experiment.build(experiment.to_dict()) == experiment
    again = Experiment.build(tomllib.loads(to_toml(experiment.to_dict())))
    assert again == experiment
    assert again.fingerprint == experiment.fingerprint
