"""Choosing classes: by name, index or superclass; each unknown one with the nearest spelling."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data import resolve_classes
from engine.data.class_names import CIFAR100, CIFAR100_SUPERCLASSES
from engine.errors import SettingsError
from engine.experiment import DatasetSettings


def chosen(*wished: str, name: str = "cifar100") -> tuple[str, ...]:
    return resolve_classes(DatasetSettings(name=name, classes=wished)).classes  # type: ignore[arg-type]


def test_names_indices_and_superclasses_mix_and_come_in_data_set_order() -> None:
    assert chosen("baby", "0", "aquarium fish") == ("apple", "aquarium_fish", "baby")
    assert chosen("Fruit-and_VEGETABLES") == ("apple", "mushroom", "orange", "pear", "sweet_pepper")
    assert chosen("apple", "fruit and vegetables", "0") == chosen("fruit_and_vegetables")


def test_no_class_named_is_all_of_them() -> None:
    assert chosen() == CIFAR100
    assert len(chosen()) == 100
    assert len(CIFAR100_SUPERCLASSES) == 20


def test_every_unknown_class_is_named_with_its_nearest() -> None:
    with pytest.raises(SettingsError) as error:
        chosen("aple", "baby", "fishh", "100")
    messages = [str(problem) for problem in error.value.problems]
    assert len(messages) == 3
    assert "did you mean apple?" in messages[0]
    assert "did you mean fish?" in messages[1]
    assert "indices are 0 … 99" in messages[2]


@pytest.mark.parametrize("wished", [["apple"], ["0", "apple"]])
def test_one_class_is_not_enough(wished: list[str]) -> None:
    with pytest.raises(SettingsError, match="at least 2 classes"):
        chosen(*wished)


def test_a_digit_is_a_name_before_it_is_an_index() -> None:
    assert chosen("7", "3", name="digits") == ("3", "7")


def test_the_tables_are_those_of_the_official_files(real_data: Path) -> None:
    from engine.data.pickles import parse_pickle

    folder = real_data / "cifar-100-python"
    meta = parse_pickle((folder / "meta").read_bytes(), "meta")
    test = parse_pickle((folder / "test").read_bytes(), "test")
    assert [name.decode() for name in meta["fine_label_names"]] == list(CIFAR100)
    coarse = [name.decode().replace("_", " ") for name in meta["coarse_label_names"]]
    assert coarse == list(CIFAR100_SUPERCLASSES)
    for fine, group in zip(test["fine_labels"], test["coarse_labels"], strict=True):
        assert CIFAR100[fine] in CIFAR100_SUPERCLASSES[coarse[group]]
