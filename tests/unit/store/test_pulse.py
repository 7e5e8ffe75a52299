"""What a run's state is when its lock cannot be asked, or is asked at a bad moment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.store import Run, RunStore
from engine.store import run as run_module
from engine.store.lock import is_trusted
from engine.store.pulse import Pulse, stands_still

PROGRESS = {"epoch": 1, "epochs": 9, "step": 2, "steps_per_epoch": 4}
EXPERIMENT: dict[str, Any] = {"dataset": {"classes": []}, "model": {}, "training": {}}


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.at_each_sleep: Callable[[], object] = lambda: None

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.at_each_sleep()


@pytest.fixture
def run(store: RunStore) -> Run:
    run = store.create(EXPERIMENT, fingerprint="f", name="one")
    with run.own() as owner:
        owner.update(state="training")
        owner.write_progress({**PROGRESS, "heartbeat": 1})
    return run.reload()


@pytest.fixture
def elsewhere(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The run as another host on a network file system trains it."""
    monkeypatch.setattr(run_module, "is_trusted", lambda folder: False)
    (run.path / "owner.lock").write_text(json.dumps({"pid": 1, "host": "another", "since": "now"}))
    return run.reload()


def beat(run: Run, number: int) -> None:
    (run.path / "progress.json").write_text(json.dumps({**PROGRESS, "heartbeat": number}))


def test_a_run_that_ends_between_two_looks_is_not_called_interrupted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run.reload()
    held = iter([False])

    def end_and_let_go(path: Path) -> bool:
        with monkeypatch.context() as patch:
            patch.setattr(run_module, "is_held", lambda path: True)
            with run.own() as owner:
                owner.update(state="finished")
        return next(held)

    monkeypatch.setattr(run_module, "is_held", end_and_let_go)
    assert found.state == "finished"


def test_where_locks_do_not_reach_a_run_of_another_host_is_what_it_says(elsewhere: Run) -> None:
    assert elsewhere.is_doubtful
    assert elsewhere.state == "training"


def test_where_locks_do_not_reach_a_run_of_this_host_is_interrupted_all_the_same(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "is_trusted", lambda folder: False)
    assert not run.reload().is_doubtful
    assert run.reload().state == "interrupted"


def test_a_heart_that_beats_is_alive_and_one_that_stands_still_for_a_minute_is_not(elsewhere: Run) -> None:
    clock = Clock()
    assert stands_still(elsewhere, clock, clock.sleep)
    assert 59 < clock.seconds < 62
    clock = Clock()
    clock.at_each_sleep = lambda: beat(elsewhere, 2) if clock.seconds > 40 else None
    assert not stands_still(elsewhere, clock, clock.sleep)
    assert 40 < clock.seconds < 42


def test_one_that_is_evaluated_has_no_heartbeat_and_is_given_ten_minutes(elsewhere: Run) -> None:
    path = elsewhere.path / "run.json"
    path.write_text(json.dumps({**elsewhere.document, "state": "evaluating"}))
    clock = Clock()
    assert stands_still(elsewhere, clock, clock.sleep)
    assert 599 < clock.seconds < 602


def test_silence_is_counted_by_the_readers_clock_from_the_last_beat(elsewhere: Run) -> None:
    clock = Clock()
    pulse = Pulse(clock)
    clock.seconds = 50.0
    assert pulse.silent_seconds(elsewhere) == 0
    clock.seconds = 100.0
    assert pulse.silent_seconds(elsewhere.reload()) == 50
    beat(elsewhere, 7)
    assert pulse.silent_seconds(elsewhere.reload()) == 0


def test_a_run_that_has_no_heartbeat_yet_is_not_silent(run: Run) -> None:
    clock = Clock()
    pulse = Pulse(clock)
    with run.own() as owner:
        owner.update(state="starting")
        for clock.seconds in (0.0, 1000.0):
            assert pulse.silent_seconds(run.reload()) == 0


@pytest.mark.parametrize(("kind", "trusted"), [("ext4", True), ("tmpfs", True), ("nfs4", False), ("lustre", False)])
def test_the_kind_of_file_system_tells_whether_locks_reach_others(tmp_path: Path, kind: str, trusted: bool) -> None:
    folder = tmp_path / "a place"
    folder.mkdir()
    mounts = tmp_path / "mounts"
    place = str(folder).replace(" ", "\\040")
    mounts.write_text(f"none / ext4 rw 0 0\nserver:/x {place} {kind} rw 0 0\n")
    assert is_trusted(folder / "runs", mounts) is trusted
    assert is_trusted(tmp_path, mounts)
    assert is_trusted(folder, tmp_path / "missing")
