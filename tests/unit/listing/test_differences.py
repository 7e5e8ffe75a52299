"""What tells a run from its neighbours."""

from __future__ import annotations

from typing import Any

from tests.unit.comparison.fakes import FakeRun, fake
from tui.listing.differences import Differences

STUDY = {"id": "20260101-000000-aaaa", "name": "pooling", "kind": "pooling"}


def words(run: FakeRun, runs: list[FakeRun]) -> str:
    differences = Differences()
    differences.know(runs)
    differences.among(runs)
    return differences.words(run)


def test_in_a_study_it_is_what_its_runs_vary() -> None:
    runs = [fake(pooling, seed, study=STUDY) for pooling in ("max", "avg") for seed in (0, 1)]
    assert [words(run, runs) for run in runs] == ["max s=0", "max s=1", "avg s=0", "avg s=1"]


def test_outside_a_study_it_is_where_a_run_is_not_like_most() -> None:
    usual = [fake(number=number) for number in range(5)]
    other = fake(number=9, training__lr=0.5, model__hidden_size=64)
    other.document["experiment"]["dataset"]["classes"] = ["a", "b", "c"]
    assert words(usual[0], [*usual, other]) == ""
    assert words(other, [*usual, other]) == "3 classes lr=0.5"  # most have no hidden_size to differ from


def test_a_study_of_one_run_so_far_is_told_from_the_others() -> None:
    alone = fake("avg", study=STUDY)
    assert words(alone, [alone, *(fake(number=number) for number in range(3))]) == "avg"


def test_threads_are_no_difference_and_names_are_clean() -> None:
    usual = [fake(number=number) for number in range(3)]
    other = fake(number=9, training__threads=4, model__name="a\x1b[2Jb")
    assert words(other, [*usual, other]) == "a\\x1b[2Jb"


def test_a_damaged_document_differs_in_nothing() -> None:
    damaged = FakeRun("x", "x", {}, "damaged")
    odd: dict[str, Any] = {"experiment": {"model": None, "training": {"lr": [1, 2]}}}
    assert words(damaged, [damaged, fake()]) == ""
    assert words(FakeRun("y", "y", odd), [fake(), fake(number=1)]) == "lr=1, 2"


def test_runs_that_come_and_go_are_looked_at_once() -> None:
    runs = [fake("max", 0, study=STUDY), fake("max", 1, study=STUDY), fake("avg", 2, study=STUDY)]
    differences = Differences()
    differences.know(runs[:2])
    assert differences.words(runs[0]) == "s=0"
    differences.know(runs)
    assert differences.words(runs[0]) == "max s=0"
    differences.know(runs[:2])
    assert differences.words(runs[0]) == "s=0"
