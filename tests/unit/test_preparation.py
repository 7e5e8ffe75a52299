"""From plans to queued runs, and what splits will hold before any image is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.data import load_dataset
from engine.data.splits import split_sizes
from engine.errors import RefusedError, SettingsError
from engine.experiment import DatasetSettings, Experiment
from engine.preparation import study_makers
from engine.store import RunStore
from engine.study import Planned
from engine.study_plans import grid_plan

SettingsMaker = Callable[..., Experiment]


@pytest.mark.parametrize("share", [1.0, 0.3, 0.001])
@pytest.mark.parametrize("validation", [0, 0.001, 0.1, 0.37, 0.5, "test"])
def test_sizes_told_beforehand_are_those_of_the_splits(validation: float | str, share: float) -> None:
    whole = load_dataset(DatasetSettings(classes=("1", "7", "9"), validation=0))
    train, test = ([int((split.labels == label).sum()) for label in range(3)] for split in (whole.train, whole.test))
    chosen = {"classes": ("1", "7", "9"), "validation": validation, "train_fraction": share}
    sizes = split_sizes(train, test, whole.classes, validation, share)
    loaded = load_dataset(DatasetSettings.model_validate(chosen))
    assert (sizes.train, sizes.validation, sizes.test) == tuple(
        len(split.labels) for split in (loaded.train, loaded.validation, loaded.test)
    )


def test_a_study_is_queued_with_its_seeds_and_the_classes_named(store: RunStore, tiny: SettingsMaker) -> None:
    settings = tiny().to_dict()
    settings["dataset"]["classes"] = ["odd"]
    plan = grid_plan(settings, {"training.lr": [0.1, 0.2]})
    runs = [make() for make in study_makers(store, plan, kind="grid", name="rates", seeds=[3, 5])]
    assert [run.name for run in runs] == [f"digits-5-lr-{lr}-s{seed}" for seed in (3, 5) for lr in (0.1, 0.2)]
    assert all(run.study and run.study["seeds"] == [3, 5] for run in runs)
    assert runs[0].experiment["dataset"]["classes"] == ["1", "3", "5", "7", "9"]
    assert len({run.document["fingerprint"] for run in runs}) == 2


def test_a_study_of_which_one_member_cannot_be_makes_nothing(store: RunStore, tiny: SettingsMaker) -> None:
    plan = grid_plan(tiny().to_dict(), {"training.batch_size": [64, 100_000]})
    with pytest.raises(SettingsError, match="100,000 is more than the"):
        study_makers(store, plan, kind="grid", name="sizes", seeds=[0])
    assert store.runs() == []


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(
    tmp_path: Path, tiny: SettingsMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(RefusedError, match="read-only"):
        study_makers(RunStore(tmp_path), [Planned("max", tiny())], kind="pooling", name="x", seeds=[0])
