"""Times told beforehand: measured where there is something measured, scaled where there is something like it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.main import run as run_command
from engine.experiment import Experiment
from engine.forecast import SpeedBook, estimate, makespan, work_of
from engine.store import Run, RunStore

MAX, STRIDE = 1_334_016, 228_096


def trained(store: RunStore, speed: float, pooling: str = "max", multiply_adds: int = MAX, **environment: Any) -> Run:
    experiment = Experiment.build({"model": {"pooling": pooling}}).to_dict()
    run = store.create(experiment, fingerprint="f", name=pooling)
    with run.own() as owner:
        where = {"device": "cpu", "lanes": 2, "device_name": "a", **environment}
        summary = {"images_per_second": speed, "multiply_adds": multiply_adds}
        owner.update(state="finished", environment=where, summary=summary)
    return run.reload()


def settings(pooling: str = "max", **training: Any) -> dict[str, Any]:
    return Experiment.build({"model": {"pooling": pooling}, "training": training}).to_dict()


def test_the_time_is_that_of_the_same_network_on_the_same_device(store: RunStore) -> None:
    for speed in (9000.0, 11000.0, 10000.0):
        trained(store, speed)
    trained(store, 50.0, lanes=1)
    trained(store, 99.0, device="cuda:0", lanes=1)
    book = SpeedBook(store.runs())
    found = estimate([work_of(settings(epochs=100), MAX, 1000)], book, "cpu", 2)
    assert found.seconds == pytest.approx(10.0)
    assert found.basis == "measured in 3 such runs"


def test_another_number_of_lanes_is_said(store: RunStore) -> None:
    trained(store, 1000.0, lanes=1)
    found = estimate([work_of(settings(epochs=1), MAX, 1000)], SpeedBook(store.runs()), "cpu", 2)
    assert (found.seconds, found.basis) == (pytest.approx(1.0), "measured in 1 such run, with other lanes")


def test_another_network_is_scaled_by_its_multiply_adds_from_the_nearest(store: RunStore) -> None:
    trained(store, 20_000.0, "stride", STRIDE)
    trained(store, 10_000.0, "max", MAX)
    book = SpeedBook(store.runs())
    found = estimate([work_of(settings(epochs=1), 2 * MAX, 10_000)], book, "cpu", 2)
    assert found.seconds == pytest.approx(2.0)
    assert found.basis == "by multiply-adds from max, 1.33 M"


def test_another_batch_is_another_speed(store: RunStore) -> None:
    trained(store, 10_000.0)
    found = estimate([work_of(settings(batch_size=32), MAX, 1000)], SpeedBook(store.runs()), "cpu", 2)
    assert found.basis.startswith("by multiply-adds")


def test_what_was_never_measured_is_unknown(store: RunStore) -> None:
    trained(store, 10_000.0)
    found = estimate([work_of(settings(), MAX, 1000)], SpeedBook(store.runs()), "cuda:0", 1)
    assert found.seconds is None
    assert found.basis == "nothing was measured on cuda:0 yet"
    assert estimate([work_of(settings(), MAX, 1000)], SpeedBook(), "cpu", 1).seconds is None


def test_only_the_machine_that_was_used_last_counts(store: RunStore) -> None:
    trained(store, 99.0, device_name="old")
    trained(store, 10_000.0, device_name="new")
    found = estimate([work_of(settings(epochs=1), MAX, 1000)], SpeedBook(store.runs()), "cpu", 2)
    assert found.basis == "measured in 1 such run"


def test_a_run_that_waits_takes_what_live_ones_on_its_data_took_so_far(store: RunStore) -> None:
    request = {"device": "cpu"}
    waits = store.create(settings(epochs=10), fingerprint="f", name="waits", request=request)
    assert SpeedBook(store.runs()).seconds(waits) is None
    live = store.create(settings(epochs=500), fingerprint="f", name="live", request=request)
    with live.own() as owner:
        where = {"device": "cpu", "lanes": 2, "device_name": "a"}
        owner.update(state="training", environment=where, images={"train": 1000})
        owner.write_progress({"epoch": 1, "epochs": 500, "step": 1, "steps_per_epoch": 8, "images_per_second": 5000.0})
        assert SpeedBook(store.runs()).seconds(waits) == pytest.approx(2.0)
        other = store.create(settings(batch_size=32), fingerprint="f", name="other batch", request=request)
        assert SpeedBook(store.runs()).seconds(other) is None  # nothing is known of its multiply-adds


def test_the_queue_says_how_long_what_waits_will_take(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(store, 10_000.0)
    with run.own() as owner:
        owner.update(images={"train": 1000})
    store.create(settings(epochs=300), fingerprint="f", name="waits", request={"device": "cpu"})
    assert run_command(["queue", "--runs", str(store.root)]) == 0
    assert "~0:30" in capsys.readouterr().out


@given(st.lists(st.floats(0.1, 100), max_size=20), st.integers(1, 8))
def test_lanes_share_the_work_and_none_is_faster_than_its_longest(seconds: list[float], lanes: int) -> None:
    total = makespan(seconds, lanes)
    assert total <= sum(seconds) + 1e-6
    assert total >= max([sum(seconds) / lanes, *seconds]) - 1e-6
    assert makespan(seconds, 1) == pytest.approx(sum(seconds))
