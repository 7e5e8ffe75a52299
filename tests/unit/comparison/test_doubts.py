"""Where a comparison could say more than its runs bear, or take one run for another."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from engine.comparison import compare, to_csv, to_markdown
from engine.references import pick_best
from engine.store import RunStore
from engine.study import studies, study_document
from tests.unit.comparison.fakes import FakeRun, fake
from tests.unit.test_study import about, member


def labels(document: dict[str, Any]) -> list[str]:
    return [group["label"] for group in document["groups"]]


def test_a_damaged_run_makes_no_setting_differ() -> None:
    document = compare([fake("max"), fake("avg"), FakeRun("x", "x", {}, "damaged")])
    assert document["differs"] == ["model.pooling"]
    assert labels(document) == ["max", "avg"]


def test_a_failed_run_does_not_rename_the_settings_of_the_others() -> None:
    document = compare([fake("max"), fake("avg"), fake("stride", state="failed", training__lr=0.5)])
    assert document["differs"] == ["model.pooling", "training.lr"]
    assert labels(document) == ["max", "avg"]
    assert "compares two models, not two tactics" in document["best"]["reason"]


def test_equal_differences_settle_nothing() -> None:
    made = (("stride", 0), ("max", 1))  # one image of 300 better, with each of three seeds
    runs = [fake(p, s, test=(240 + k + 3 * s) / 300, validation=0.8 + k / 100) for s in range(3) for p, k in made]
    best = compare(runs)["best"]
    assert best["settled"] is False
    assert "with each of 3 seeds: not settled, no spread to judge by" in best["reason"]


def test_one_seed_in_common_is_judged_by_the_two_runs_that_have_it() -> None:
    right, wrong = [0] * 100, [1] * 100
    runs = [fake("max", s, validation=0.9 + s / 1000, predictions=right if s == 2 else wrong) for s in (0, 1, 2)]
    runs += [fake("avg", s, validation=0.8 + s / 1000, predictions=wrong if s == 2 else right) for s in (2, 3, 4)]
    assert "with the one seed in common, McNemar p < .001: not settled" in compare(runs)["best"]["reason"]


def test_means_that_are_equal_in_images_are_equal() -> None:
    counts = {"max": (107, 109, 111), "avg": (108, 108, 111)}  # of 150; the means differ in their last bit
    runs = [
        fake(p, s, validation=counts[p][s] / 150, seconds=seconds)
        for s in range(3)
        for p, seconds in (("max", 20.0), ("avg", 10.0))
    ]
    for swapped in (False, True):
        if swapped:
            for run in runs:
                run.document["summary"]["seconds"] = 30 - run.document["summary"]["seconds"]
        assert compare(runs)["best"]["group"] == ("max" if swapped else "avg")


@pytest.mark.parametrize("key", ["dataset__validation", "dataset__split_seed"])
def test_accuracies_on_other_validation_images_are_told_apart(key: str) -> None:
    warnings = compare([fake("max"), fake("max", number=1, **{key: 0.2})])["warnings"]
    assert any("validation images differ" in warning for warning in warnings)
    assert not any("validation images differ" in warning for warning in compare([fake("max"), fake("avg")])["warnings"])


def test_a_run_of_no_study_does_not_make_a_study_grow() -> None:
    place = {"kind": "pooling", "seeds": [0]}
    document = compare([fake("max", study=place), fake("avg", study=place), fake("stride", 7)])
    assert not any("grew" in warning for warning in document["warnings"])


def test_settings_of_one_label_are_still_two_settings() -> None:
    runs = [fake(number=n, dataset__classes=c, test=t) for n, c, t in ((1, ["a, b"], 0.9), (2, ["a", "b"], 0.5))]
    runs.append(fake(number=3, dataset__classes=["c"], test=0.1))
    changes = [group["metrics"]["test_accuracy"]["difference"] for group in compare(runs)["groups"]]
    assert changes == [None, pytest.approx(-0.4), pytest.approx(-0.8)]


def test_csv_keeps_every_digit_and_class_and_markdown_no_escape() -> None:
    runs = [fake("max", training__lr=0.123456789, dataset__classes=["a\x1b[31m", "b c"]), fake("avg")]
    document = compare(runs)
    row = next(csv.DictReader(io.StringIO(to_csv(document))))
    assert float(row["training.lr"]) == 0.123456789
    assert row["dataset.classes"].split(",") == ["a\x1b[31m", "b c"]
    assert "\x1b" not in to_markdown(document)


def test_best_is_the_pick_that_the_study_shows(store: RunStore) -> None:
    chosen = member(store, "max", 0.95, about("20260101-000000-aaaa", 1), state="stopped")
    member(store, "avg", 0.8, about("20260101-000000-aaaa", 2))
    runs = store.runs()
    assert pick_best(runs).id == chosen.id == study_document(studies(runs)[0])["comparison"]["best"]["run"]
