"""What capitals do to runs, and the line that says so."""

from __future__ import annotations

from typing import Any

import pytest

from engine.store import Run, RunStore, layout
from tests.screens.stage import make
from tui.acts import export, pause_or_go_on, trash
from tui.explanation import explain


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.worker.start.put_to_work", lambda store, runs: [])


def ended(store: RunStore, name: str, **changes: Any) -> Run:
    run = make(store, name)
    with run.own() as owner:
        owner.update(**changes)
    return run.reload()


def diverged(store: RunStore, last_good_epoch: int) -> Run:
    failure = {"kind": "diverged", "reason": "the loss is not finite", "last_good_epoch": last_good_epoch}
    run = ended(store, "wild", state="failed", failure=failure)
    (run.path / layout.LAST).write_bytes(b"of epoch 0, too, there is one")
    return run


def test_what_goes_on_says_from_where(store: RunStore) -> None:
    run = ended(store, "cut", state="stopped")
    assert pause_or_go_on(store, [run]).text == "cut is queued, and begins anew: it has no checkpoint"
    (run.path / layout.PREVIOUS).write_bytes(b"a checkpoint")
    run = ended(store, "saved", state="stopped")
    (run.path / layout.PREVIOUS).write_bytes(b"a checkpoint")
    assert pause_or_go_on(store, [run]).text == "saved is queued, and goes on from its last checkpoint"


@pytest.mark.parametrize(("epoch", "where"), [(0, "begins anew"), (3, "goes on from its last checkpoint")])
def test_a_diverged_run_is_not_promised_to_fare_better(store: RunStore, epoch: int, where: str) -> None:
    run = diverged(store, epoch)
    likely = "the same steps will diverge again; n sets up one with a lower lr"
    assert any(likely in line for line in explain(run))
    assert not any("good checkpoint" in line for line in explain(run))
    assert pause_or_go_on(store, [run]).text == f"wild is queued, and {where}; {likely}"


def test_an_act_on_several_runs_names_each_once(store: RunStore) -> None:
    runs = [ended(store, name, state="failed", failure={"kind": "error"}) for name in ("one", "two")]
    done = export(store, runs, None)
    assert done.details.splitlines() == [
        f"{run.name} is failed: only a run that is finished or stopped has a model; see `cnnlab runs`" for run in runs
    ]
    done = pause_or_go_on(store, [make(store, "three"), make(store, "four")])
    assert done.text == "0 of 2 runs; three is finished; there is nothing to pause or to go on with"
    assert done.is_error


def test_what_becomes_of_all_runs_alike_is_said_once(store: RunStore) -> None:
    runs = [make(store, name) for name in ("one", "two", "three")]
    done = trash(store, runs)
    assert done.text == "3 runs: each is in the trash   u: undo"
    assert done.details.splitlines() == [f"{run.name} is in the trash" for run in runs]


def test_a_run_that_trains_is_not_trashed_and_its_key_is_named(store: RunStore) -> None:
    run = make(store, "busy")
    with run.own() as owner:
        owner.update(state="training")
        done = trash(store, [run, make(store, "idle")])
    assert done.text == "1 of 2 runs; busy is training; S stops it first   u: undo"


def test_a_reason_that_begins_with_the_id_of_its_run_is_said_with_its_name(store: RunStore) -> None:
    run = make(store, "broken")
    (run.path / "run.json").write_text("{")
    done = pause_or_go_on(store, [run])
    assert done.text.startswith("broken is damaged")
    assert run.id not in done.text
