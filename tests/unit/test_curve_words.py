"""What Curves says: of a run in every state, of values, of noise, of the device and the queue."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.execution.phases import Phases
from engine.forecast import SpeedBook
from engine.proportion import wilson
from engine.store import Run, RunStore
from engine.store.columns import Columns
from tests.screens.stage import epoch, make
from tui.chart.state import Looking
from tui.curve_words import about_run, bar, before_first_epoch, standing
from tui.machine_words import Queue, device_pane, device_words, next_words, place_words
from tui.scene import Scene, batches_of
from tui.value_words import noise_words, read_off, run_pane

SETTINGS: dict[str, Any] = {
    "dataset": {"name": "digits", "classes": ["0", "1"], "validation": 0.1},
    "model": {"name": "lab", "pooling": "max", "hidden_size": 32},
    "training": {"epochs": 40, "seed": 0, "batch_size": 128},
}


def new(store: RunStore, name: str = "x", **changes: Any) -> Run:
    run = store.create(SETTINGS, fingerprint="f", name=name)
    if changes:
        with run.own() as owner:
            owner.update(**changes)
    return run.reload()


def said(run: Run, columns: Columns | None = None) -> str:
    return "\n".join(row.text for row in standing(run, columns or Columns(), 80, has_unicode=False))


def test_a_run_that_waits_says_how_many_are_before_it(store: RunStore) -> None:
    first = new(store, "first", request={"queued_at": "2026-01-01T00:00:00.000Z"})
    second = new(store, "second", request={"queued_at": "2026-01-01T00:00:01.000Z"})
    runs = store.runs()
    assert place_words(second, runs) == "queued, 2 of 2; nothing trains"
    with first.own() as owner:
        owner.update(state="training")
        progress = {"epoch": 1, "epochs": 40, "step": 1, "steps_per_epoch": 2, "eta_seconds": 27.0}
        owner.write_progress(progress)
        assert place_words(second, store.runs()) == "queued, 1 of 1; 1 trains now, the next is done in ~27 s"


def test_a_run_that_starts_says_what_it_does(store: RunStore) -> None:
    run = new(store)
    with run.own() as owner:
        owner.update(state="starting")
        assert before_first_epoch(owner.run) == ["waiting for epoch 1: the process starts …"]
        phases = Phases(owner)
        phases.begin("importing torch")
        phases._began -= 3.1
        phases.begin("decoding data")
        assert before_first_epoch(run.reload()) == ["waiting for epoch 1: importing torch 3.1 s, decoding data …"]
        owner.write_progress({"epoch": 1, "epochs": 40, "step": 3, "steps_per_epoch": 11})
        assert before_first_epoch(run.reload())[0] == "waiting for epoch 1: batch 3 of 11"


def test_a_run_under_way_says_how_far_it_is(store: RunStore) -> None:
    run = new(store)
    with run.own() as owner:
        owner.update(state="training")
        owner.write_progress(
            {"epoch": 31, "epochs": 40, "step": 7, "steps_per_epoch": 11, "seconds": 44.2, "eta_seconds": 79.0,
             "images_per_second": 9500.0}
        )  # fmt: skip
        words = said(run.reload(), Columns([epoch(1)]))
        assert "[####" in words
        assert " 77 %" in words
        assert "epoch 31/40  batch 7/11   44 s gone, 1:19 left   9.5k img/s   lr 0.01" in words
        owner.update(state="paused", waiting="disk full: /x")
        words = said(run.reload())
        assert "disk full: /x   paused, P goes on" in words


@pytest.mark.parametrize(
    ("changes", "first", "second"),
    [
        ({"state": "training"}, "interrupted: nobody trains it", "P: let it go on   D: trash"),
        ({"state": "stopped"}, "stopped before it began", "n: set up the same again"),
        (
            {"state": "failed", "failure": {"kind": "diverged", "reason": "the loss is not finite: epoch 3"}},
            "failed: the loss is not finite: epoch 3",
            "n: set up the same with a lower lr",
        ),
        (
            {"state": "failed", "failure": {"kind": "out of memory", "reason": "out of memory at batch size 128"}},
            "failed: out of memory",
            "less of what was too large",
        ),
        (
            {"state": "failed", "failure": {"kind": "error", "reason": "x\x1b[2J"}},
            "failed: x\\x1b[2J",
            "d: what it was",
        ),
        ({"state": "failed", "failure": None}, "failed: ", "d: what it was"),
    ],
)
def test_a_run_that_is_not_trained_says_why_and_what_to_do(
    store: RunStore, changes: dict[str, Any], first: str, second: str
) -> None:
    run = new(store, **changes)
    assert first in said(run)
    assert second in said(run)
    assert before_first_epoch(run)


def test_a_damaged_run_says_why(store: RunStore) -> None:
    run = new(store)
    (run.path / "run.json").write_text("{")
    assert "damaged: run.json: not JSON" in said(run.reload())
    assert "cnnlab doctor" in said(run.reload())
    assert about_run(run.reload(), None) == run.id


def test_a_finished_run_says_what_came_of_it(store: RunStore) -> None:
    run = make(store, "done", accuracy=0.843)
    words = said(run, run.history().columns)
    assert "finished: 40 epochs in 12 s" in words
    assert "epoch 30 selected on validation: train 84.3 %, validation 84.3 %, test 84.3 %" in words
    assert "ref other" in about_run(run, make(store, "other"))


@pytest.mark.parametrize("width", [1, 20, 80, 300])
def test_a_bar_is_as_long_as_its_line(width: int) -> None:
    for share in (0.0, 0.5, 1.0):
        for has_unicode in (True, False):
            assert len(bar(share, width, has_unicode=has_unicode).text) <= max(14, width)


def columns_of(count: int, **validation: Any) -> Columns:
    records = [epoch(number) for number in range(1, count + 1)]
    if validation:
        records = [{**record, **validation} for record in records]
    return Columns(records)


def test_the_noise_of_a_validation_curve_is_its_interval() -> None:
    columns = columns_of(34)  # 84 % at the last
    assert noise_words(columns, 150) == ("v: 150 images: 84 % means 77-89 %, ups and downs under 6 points are noise")
    low, high = wilson(126, 150)
    assert (round(100 * low), round(100 * high), math.ceil(50 * (high - low))) == (77, 89, 6)
    assert "10,000 images: 84 % means 83-85 %, ups and downs under 1 point are noise" in noise_words(columns, 10_000)
    assert "in eval mode" in noise_words(columns, None)
    assert "no validation images" in noise_words(columns_of(3, validation=None), 0)
    assert noise_words(Columns(), 150) == ""


def read(columns: Columns, looking: Looking | None = None, width: int = 80, **scene: Any) -> str:
    shown = Scene(columns=columns, **scene)
    return read_off(shown, looking or Looking(), width, has_unicode=False).text


def test_values_are_read_off_at_the_crosshair_else_at_the_newest_epoch() -> None:
    columns = columns_of(40)
    assert read(columns) == " t train (as seen) 0.025  v val 0.025 | t 90.0  v 90.0  * best 90.0 @40"
    there = read(columns, Looking(epoch=10), behind=columns_of(4))
    assert there == " epoch 10  1 s  lr 0.01  t 0.100  v 0.100  . ended | t 60.0  v 60.0  . ended"
    broken = columns_of(1, train={"loss": {"mean": None}, "accuracy": {}})
    assert "t train (as seen) not finite" in read(broken, width=120)


def test_where_there_is_little_room_values_stay_and_words_go(store: RunStore) -> None:
    columns = columns_of(40)
    narrow = read(columns, width=72, behind=columns)
    assert narrow == " t (as seen) 0.025  v 0.025  . 0.025 | t 90.0  v 90.0  . 90.0  * 90.0 @40"
    run = new(store, images={"train": 1350})
    wide = read(columns, Looking(epoch=10), 120, run=run)
    assert "t 0.100 [0.100 0.200]" in wide
    assert "t 60.0 [40.0 60.0]" in wide


def test_the_pane_of_a_run_says_where_it_was_best_and_whether_it_was_trained_long_enough(store: RunStore) -> None:
    run = make(store, "done")
    lines = [line for line, _ in run_pane(Scene(run, run.history().columns))]
    assert "best       80.0 % at epoch 30" in lines
    assert "lowest v   0.025 at epoch 40" in lines
    assert "           not yet fitted: train longer" in lines
    assert "images     test 100" in lines
    assert run_pane(Scene(run)) == []


def test_batches_an_epoch_are_known_from_the_images(store: RunStore) -> None:
    run = new(store, images={"train": 1350, "validation": 150})
    assert batches_of(run) == 11
    assert batches_of(new(store)) is None
    assert batches_of(new(store, images={"train": "many"})) is None


GPU = {
    "utilisation_percent": 61, "memory_used_bytes": 2.5 * (1 << 30), "memory_total_bytes": 140 * (1 << 30),
    "power_watts": 310.0, "temperature_celsius": 54,
    "holders": [
        {"pid": 7, "user": "ada", "name": "python", "memory_bytes": 30 << 30},
        {"pid": 8, "user": None, "name": None, "memory_bytes": None},
        {"pid": 9, "user": "e\x1b[2J", "name": "[/bad]", "memory_bytes": 1 << 30},
        "nonsense",
    ],
}  # fmt: skip


def test_the_device_says_what_it_does_and_whose_processes_hold_its_memory() -> None:
    telemetry = {"cpu_percent": 98.4, "rss_bytes": 412 << 20, "gpu": GPU}
    words = device_words(telemetry, {"threads": 1, "lanes": 2})
    assert "cpu 98 %, 412 MiB" in words
    assert "1 thread, 2 lanes" in words
    assert "gpu 61 %, 2.5 of 140 GiB, 310 W, 54 °C" in words
    assert "memory: 30.0 GiB ada python 7, ? GiB pid 8" in words
    pane = [line for line, _ in device_pane(telemetry, {"device": "cuda:0", "device_name": "H200"}, [], 44)]
    assert "cuda:0: H200" in pane
    assert "1.0 GiB e\\x1b[2J [/bad] 9" in pane


@pytest.mark.parametrize(
    "telemetry",
    [{}, {"cpu_percent": None}, {"cpu_percent": "98", "rss_bytes": True, "gpu": 7}, {"gpu": {"holders": {"a": 1}}}],
)
def test_telemetry_that_makes_no_sense_is_left_out(telemetry: dict[str, Any]) -> None:
    assert device_words(telemetry, {"threads": "x", "lanes": None}).endswith("gpu none")


def test_what_waits_is_named_with_how_long_it_will_take(store: RunStore, tmp_path: Path) -> None:
    done = make(store, "done")  # 40 epochs in 12 s
    request = {"device": "cpu", "queued_at": "2026-01-01T00:00:00.000Z"}
    same = {**done.experiment, "training": {**done.experiment["training"], "epochs": 400, "seed": 3}}
    run = store.create(same, fingerprint="f", name="next", request=request)
    later = {"queued_at": "2026-01-01T00:00:01.000Z"}
    average = {**same, "model": {"name": "lab", "pooling": "avg"}}
    other = store.create(average, fingerprint="g", name="other", request=later)
    with done.own() as owner:
        speed = {"images_per_second": 400.0, "images": {"train": 120}}
        owner.update(environment={"device": "cpu"}, summary={**(done.summary or {}), **speed})
    runs = store.runs()
    assert SpeedBook(runs).seconds(run) == pytest.approx(120.0)
    assert SpeedBook(runs).seconds(other) is None
    assert next_words(Queue().next(runs)) == "next: next (~2:00), other"
    assert next_words([]) == "next: nothing waits"
    assert next_words([(run, None)] * 5).endswith("and 2 more")
    assert len(Queue().next(runs, beside=run)) == 1


def test_what_was_measured_is_read_anew_only_now_and_then(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def book(runs: Sequence[Run]) -> SpeedBook:
        read.append(len(runs))
        return SpeedBook(runs)

    now = [0.0]
    queue = Queue(lambda: now[0])
    monkeypatch.setattr("tui.machine_words.SpeedBook", book)
    runs = [new(store, str(number)) for number in range(5)]
    for moment in (0.0, 1.0, 4.9):
        now[0] = moment
        queue.next(runs)
    assert read == [5]
    now[0] = 5.1
    queue.next(runs)
    assert read == [5, 5]
