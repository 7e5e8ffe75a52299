"""Columns that fit a width, and what stands in them."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.format import age, brief, percent, points
from engine.layout import text_width
from engine.store import Run, RunStore
from engine.store.trace import POINTS, Trace
from tui.listing import cells
from tui.listing.cells import Row
from tui.listing.columns import GAP, VIEWS, columns_of, place
from tui.listing.sparkline import ASCII

EXPERIMENT: dict[str, Any] = {
    "dataset": {"name": "cifar100", "classes": ["apple", "baby", "fish"]},
    "model": {"name": "lab", "pooling": "max", "hidden_size": 32},
    "training": {"epochs": 500, "lr": 0.005, "seed": 1},
}
SUMMARY = {
    "epochs_done": 500,
    "selected_epoch": 421,
    "validation_accuracy": 0.833,
    "test_accuracy": 0.843,
    "train_accuracy": 0.959,
    "overfitting_gap": 0.116,
    "seconds": 71.0,
    "images_per_second": 9500.0,
    "multiply_adds": 1_334_016,
    "images": {"validation": 150, "test": 300},
}


@pytest.fixture
def run(store: RunStore) -> Run:
    return store.create(EXPERIMENT, fingerprint="f", name="abf-max s0")


def finished(run: Run, **change: Any) -> Row:
    with run.own() as owner:
        owner.update(state="finished", summary={**SUMMARY, **change})
    trace = Trace(validation=tuple(number / POINTS for number in range(POINTS)))
    return Row(run.reload(), "max s=0", trace, scale=(0.0, 1.0), now=0.0)


def texts(row: Row, view: str = "quality", split: str = "validation", room: int = 76) -> dict[str, str]:
    placed = place(columns_of(view, split, ASCII), room)
    return {column.column.heading: column.text(row).strip() for column in placed}


def test_a_finished_run_at_eighty_columns(run: Run) -> None:
    shown = texts(finished(run))
    del shown["age"]
    assert shown == {
        "state": "finished",
        "run": "abf-max s0",
        "differs": "max s=0",
        "val %": "83.3",
        "@ep": "421",
        "val curve": ",--~=+**#",
        "gap": "11.6",
        "time": "1:11",
    }


def test_a_long_name_loses_its_middle(store: RunStore) -> None:
    row = Row(store.create(EXPERIMENT, fingerprint="f", name="cifar100-3-stride-s1"))
    assert texts(row)["run"] == "cifar…stride-s1"
    wide = Row(store.create(EXPERIMENT, fingerprint="f", name="漢字" * 9))
    assert texts(wide)["run"] == "漢字漢字漢字漢…"


def test_the_split_changes_the_accuracy_and_no_column_goes(run: Run) -> None:
    row = finished(run)
    assert texts(row, split="test")["test %"] == "84.3"
    assert texts(row, split="train")["train %"] == "95.9"
    counts = {len(place(columns_of("quality", split, ASCII), 76)) for split in cells.SPLITS}
    assert counts == {9}


def test_wide_terminals_show_the_interval_over_images_and_the_data(run: Run) -> None:
    shown = texts(finished(run), room=190)
    assert shown["[95 %]"] == "77-88"
    assert shown["data"] == "cifar100: apple, baby+1"


def test_the_other_views_show_times_and_settings(run: Run) -> None:
    row = finished(run)
    assert texts(row, "time", room=200)["img/s"] == "9.5k"
    assert texts(row, "time", room=200)["mul-adds"] == "1,334,016"
    assert texts(row, "settings", room=200)["lr"] == "0.005"


def test_a_queued_run_says_its_place_and_what_such_a_run_took(run: Run) -> None:
    row = Row(run, place=2, expected=79.0)
    assert cells.state(row) == "queued 2"
    assert cells.time_taken(row) == "~1:19"


def test_a_live_run_shows_the_best_so_far_and_a_forerunner_of_the_gap(run: Run) -> None:
    trace = Trace((0.9, *[None] * (POINTS - 1)), (0.8, *[None] * (POINTS - 1)), 7, 0.81, 5)
    with run.own() as owner:
        owner.update(state="training")
        owner.write_progress(
            {"heartbeat": 1, "epoch": 311, "epochs": 500, "step": 0, "steps_per_epoch": 11, "seconds": 44.0}
        )
        row = Row(run.reload(), trace=trace)
        shown = texts(row)
    assert (shown["state"], shown["val %"], shown["@ep"], shown["gap"]) == ("train 62%", "81.0", "5", "~10.0")
    assert cells.epochs(row) == "311/500"
    assert cells.accuracy(row, "test") is None


def test_a_run_without_numbers_says_why(run: Run, store: RunStore) -> None:
    with run.own() as owner:
        owner.update(state="failed", failure={"kind": "diverged", "reason": "NaN loss, epoch 3, step 27"})
    assert cells.note(Row(run.reload())) == "NaN loss, epoch 3, step 27.  enter: why"
    (run.path / "run.json").write_bytes(b"{")
    damaged = Row(run.reload())
    assert cells.name(damaged) == run.id
    assert cells.note(damaged).startswith("run.json: not JSON")
    assert texts(damaged, "settings", room=200)["lr"] == "-"
    assert texts(damaged, "time", room=200)["epochs"] == "-"


WIDTHS = st.integers(1, 300)


@given(WIDTHS, st.sampled_from(VIEWS), st.sampled_from(cells.SPLITS), st.text(max_size=60), st.floats(0, 1e9))
def test_no_row_is_wider_than_its_room(room: int, view: str, split: str, name: str, seconds: float) -> None:
    run = Run(Path("/nowhere/20260101-000000-aaaa"))
    run.damage = None
    run.document = {
        "name": name,
        "state": "finished",
        "summary": {**SUMMARY, "seconds": seconds},
        "experiment": EXPERIMENT,
    }
    placed = place(columns_of(view, split, ASCII), room)
    least = place(columns_of(view, split, ASCII), 1)
    end = placed[-1].x + placed[-1].width
    assert end <= max(room, least[-1].x + least[-1].width)
    for before, after in itertools.pairwise(placed):
        assert after.x == before.x + before.width + GAP
    for column in placed:
        assert text_width(column.text(Row(run, now=1e9))) == column.width
        assert text_width(column.heading("-name")) == column.width + (GAP if column.column.right else 0)


@given(st.none() | st.floats(0, 1e12))
def test_durations_and_ages_are_brief(seconds: float | None) -> None:
    assert len(brief(seconds)) <= 9
    assert len(age(seconds)) <= 6
    if seconds is not None and seconds < 99 * 86_400:
        assert len(brief(seconds)) <= 5
        assert len(age(seconds)) <= 3


def test_durations_and_ages_read_as_people_say_them() -> None:
    assert [brief(value) for value in (0.4, 71, 3_720, 97_200, 360_000)] == ["0:00", "1:11", "1h02", "27h", "4d04"]
    assert [age(value) for value in (59, 540, 86_399, 172_800, 40_000_000)] == ["0m", "9m", "23h", "2d", "1y"]


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert (percent(-0.0004), points(-0.0004), points(-0.004)) == ("0.0", "+0.0", "-0.4")
