"""The images that a run was wrong about, and their pixels, read from the data set as they are asked for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.data import class_groups, load_dataset, open_split
from engine.errors import DataError
from engine.experiment import DatasetSettings
from engine.report.images import Predictions, Said, open_images, open_pictures
from engine.store import Run

CLASSES = ("a", "b", "c")


def predictions(said: list[int], confidence: list[float] | None = None) -> Predictions:
    sure = None if confidence is None else np.array(confidence, dtype=np.float32)
    return Predictions(CLASSES, np.array([0, 0, 0, 1, 2]), np.array(said), sure)


def test_mistakes_come_the_surest_first_with_what_the_reference_said() -> None:
    ours = predictions([1, 0, 1, 1, 0], [0.5, 0.9, 0.75, 1.0, 0.25])
    theirs = predictions([0, 0, 1, 1, 2])
    assert ours.images_of("a", reference=theirs) == [Said(2, "a", "b", 0.75, "b"), Said(0, "a", "b", 0.5, "a")]
    assert [one.index for one in ours.images_of("c", "a")] == [4]
    assert ours.images_of("b") == ours.images_of("a", "c") == []
    assert [one.confidence for one in theirs.images_of("a")] == [None]


def test_what_is_right_comes_the_least_sure_first() -> None:
    ours = predictions([0, 0, 0, 1, 2], [0.5, 0.9, 0.25, 1.0, 1.0])
    assert [one.index for one in ours.images_of("a", "a")] == [2, 0, 1]


def test_a_lazy_split_holds_the_images_of_the_whole_one() -> None:
    settings = DatasetSettings(name="digits", classes=("3", "8"), image_size=16)
    whole = load_dataset(settings)
    for name, split in (("train", whole.train), ("validation", whole.validation), ("test", whole.test)):
        lazy = open_split(settings, name)
        np.testing.assert_array_equal(lazy.labels, split.labels)
        places = np.array([5, 0, 2])
        np.testing.assert_array_equal(lazy.take(places), split.images[places])


def test_a_trained_run_shows_its_pictures(trained: Run) -> None:
    classes = tuple(trained.report()["classes"])  # type: ignore[index]
    for split in ("test", "validation", "train"):
        said = Predictions.of(trained, split, classes)
        assert said is not None
        images = open_images(trained.document, split, said.labels)
        assert images.take(np.array([0])).shape == (1, 16, 16, 3)


def test_data_that_are_gone_or_others_are_told(trained: Run) -> None:
    labels = np.zeros(3, dtype=np.int64)
    with pytest.raises(DataError, match="not those that the run was scored on"):
        open_images(trained.document, "test", labels)
    document = {"experiment": {"dataset": {"name": "cifar100"}}, "request": {"data_dir": "/nowhere/at/all"}}
    with pytest.raises(DataError, match="cnnlab data fetch cifar100"):
        open_images(document, "test", labels)
    document = {"experiment": {"dataset": {"name": "folder"}}, "request": {"data_dir": "/nowhere/at/all"}}
    with pytest.raises(DataError, match="no pictures: /nowhere/at/all: there is no such folder"):
        open_images(document, "test", labels)
    with pytest.raises(DataError, match="settings are not known"):
        open_images({"experiment": {"dataset": {"name": "imagenet"}}}, "test", labels)


def test_predictions_that_are_damaged_are_none(trained: Run) -> None:
    assert Predictions.of(trained, "elsewhere", ("0", "1")) is None
    assert Predictions.of(trained, "test", ("0",)) is None
    (Path(trained.path) / "predictions.safetensors").write_bytes(b"x")
    assert Predictions.of(trained, "test", ("0", "1")) is None


def test_superclasses_are_those_of_the_chosen_classes_and_empty_where_they_say_nothing() -> None:
    assert class_groups("cifar100", ["apple", "pear", "trout"]) == {
        "fish": ("trout",),
        "fruit and vegetables": ("apple", "pear"),
    }
    assert class_groups("cifar100", ["apple", "trout"]) == {}
    assert class_groups("cifar100", ["apple", "pear"]) == {}
    assert class_groups("cifar10", ["cat", "dog"]) == class_groups("unheard of", ["a", "b", "c"]) == {}


def test_a_split_is_opened_or_what_is_missing_is_said(trained: Run) -> None:
    opened = open_pictures(trained, "test", ("0", "1"), reference=trained)
    assert opened.images is not None
    assert opened.own is not None
    assert opened.problem == ""
    right = opened.own.images_of("0", "0", opened.other)
    assert {(one.true, one.said, one.reference) for one in right} == {("0", "0", "0")}
    document = json.loads((trained.path / "run.json").read_text())
    document["experiment"]["dataset"] = {"name": "cifar100", "classes": ["apple", "baby"]}
    (trained.path / "run.json").write_text(json.dumps(document))
    moved = open_pictures(trained.reload(), "test", ("0", "1"), data_dir=trained.path)
    assert moved.own is not None
    assert moved.images is None
    assert "cnnlab data fetch cifar100" in moved.problem
    (trained.path / "predictions.safetensors").unlink()
    assert "no predictions of test" in open_pictures(trained, "test", ("0", "1")).problem
