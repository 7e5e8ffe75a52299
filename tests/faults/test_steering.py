"""Steering and following runs in every state: what is said, and that nobody is misled."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from click.testing import CliRunner

from engine.cli import waiting
from engine.cli import worker as worker_commands
from engine.cli.main import cnnlab as command
from engine.cli.main import run as run_command
from engine.errors import RefusedError
from engine.layout import text_width
from engine.store import Run, RunStore
from engine.worker import start as starting
from engine.worker.backlog import queued_runs, requeue, was_left_behind
from engine.worker.place import WorkerPlace
from tests.faults.processes import COMMAND, start, wait_for

EXPERIMENT: dict[str, Any] = {"dataset": {"classes": []}, "model": {}, "training": {"epochs": 3}}
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(store: RunStore, capsys: pytest.CaptureFixture[str]) -> Say:
    """A command, its exit code, and all that it said."""

    def call(*arguments: str) -> tuple[int, str]:
        code = run_command([*arguments, "--runs", str(store.root)])
        out, error = capsys.readouterr()
        return code, out + error

    return call


def make(store: RunStore, state: str = "queued", **request: Any) -> Run:
    request = {"device": "cpu", "queued_at": "2026-01-01T00:00:00.000Z", **request}
    run = store.create(EXPERIMENT, fingerprint="f", name=state, request=request)
    if state != "queued":
        with run.own() as owner:
            owner.update(state={"interrupted": "training"}.get(state, state))
    return run.reload()


@pytest.mark.parametrize(
    ("state", "verb", "code", "words"),
    [
        ("queued", "pause", 2, "takes it out of the queue"),
        ("queued", "stop", 0, "stopped"),
        ("interrupted", "stop", 2, "cnnlab resume"),
        ("interrupted", "pause", 2, "cnnlab resume"),
        ("finished", "stop", 2, "finished: nobody trains it now"),
        ("finished", "resume", 2, "cnnlab extend"),
        ("failed", "pause", 2, "failed: nobody trains it now"),
        ("stopped", "stop", 2, "stopped: nobody trains it now"),
    ],
)
def test_a_wish_that_cannot_be_granted_says_why_and_what_can_be_done(
    store: RunStore, say: Say, state: str, verb: str, code: int, words: str
) -> None:
    run = make(store, state)
    got, said = say(verb, run.id)
    assert (got, words in said) == (code, True), said
    assert len(said.splitlines()) == 1


def test_a_queued_run_that_is_not_to_start_yet_leaves_the_queue_and_comes_back(
    store: RunStore, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(store)
    code, said = say("pause", run.id)
    assert code == 2
    assert f"`cnnlab stop {run.id}` takes it out of the queue" in said
    assert f"`cnnlab resume {run.id} --detach` queues it again" in said
    assert say("stop", run.id)[0] == 0
    assert queued_runs(store.runs()) == []
    monkeypatch.setattr("engine.worker.start.ensure_worker", lambda store, device, lanes: None)
    code, said = say("resume", run.id, "--detach")
    assert (code, said.split()[-1]) == (0, "queued")
    assert [found.id for found in queued_runs(store.runs())] == [run.id]


def test_a_stop_that_comes_while_a_lane_takes_the_run_is_a_request(
    store: RunStore, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(store)
    monkeypatch.setattr("engine.cli.steer.wait_until", lambda run, condition, outlook: run)
    monkeypatch.setattr("engine.cli.steer.find_run", lambda store, reference: run)
    with run.own() as owner:

        def begin(found: Run) -> Run:
            owner.update(state="starting")
            raise RefusedError("held by another process")

        monkeypatch.setattr("engine.worker.backlog.unqueue", begin)
        code, said = say("stop", run.id)
        assert (code, "starting" in said) == (0, True), said
        assert [request.kind for request in owner.take_requests()] == ["stop"]


def test_a_stop_that_is_not_answered_says_whom_it_waits_for(
    store: RunStore, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_NOTE_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "_SILENT_SECONDS", 0.3)
    run = make(store)
    with run.own() as owner:
        owner.update(state="training")
        code, said = say("stop", run.id)
    first, last = said.splitlines()
    assert (code, first) == (4, f"queued: waiting: no answer yet from process {os.getpid()}")
    assert f"queued is still training: process {os.getpid()} was asked, and has not answered" in last


def test_a_stop_of_a_run_that_is_evaluated_says_that_it_ends_by_itself(
    store: RunStore, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_NOTE_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "_PATIENCE_SECONDS", 0.3)
    run = make(store)
    with run.own() as owner:
        owner.update(state="evaluating")
        code, said = say("stop", run.id)
    assert (code, said.splitlines()[0]) == (4, "queued: waiting: it is evaluated, and ends then")


def test_a_stop_that_ends_in_a_kill_says_so(store: RunStore, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make(store)

    def kill(run: Run, condition: Any, outlook: str) -> Run:
        owner.update(failure={"kind": "died", "reason": "it did not grant a stop, and was killed"})
        owner.release()
        return run.reload()

    monkeypatch.setattr("engine.cli.steer.wait_until", kill)
    with run.own() as owner:
        owner.update(state="training")
        code, said = say("stop", run.id)
    assert (code, said) == (
        1,
        f"{run.id}  queued: interrupted: it did not grant a stop, and was killed; `cnnlab resume {run.id}` goes on\n",
    )


def test_a_run_that_waits_for_room_is_not_resumed_by_hand(store: RunStore, say: Say) -> None:
    run = make(store)
    with run.own() as owner:
        owner.update(state="paused", waiting="disk full: x; make room")
        code, said = say("resume", run.id)
    assert code == 4
    assert "goes on by itself: disk full" in said


def test_resume_all_passes_over_what_cannot_be_resumed(
    store: RunStore, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "put_to_work", lambda store, runs: [])
    strange, good, left = make(store, "interrupted"), make(store, "interrupted"), make(store, foreground=True)
    (strange.path / "owner.lock").unlink()
    (strange.path / "owner.lock").symlink_to("/dev/null")
    code, said = say("resume", "--all")
    assert code == 0
    assert "owner.lock" in said
    assert [run.id for run in queued_runs(store.runs())] == sorted([good.id, left.id])


def test_a_run_whose_maker_has_only_just_made_it_is_not_left_behind(store: RunStore) -> None:
    from engine.store.clock import utc_now

    assert not was_left_behind(make(store, foreground=True, queued_at=utc_now(milliseconds=True)))
    assert was_left_behind(make(store, foreground=True))
    assert not was_left_behind(make(store))


def test_a_clock_that_goes_back_lets_nobody_jump_the_queue(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.store.clock import utc_now

    names = []
    for seconds in (1_800_000_000.5, 1_800_000_000.7, 1_799_996_400.0, 1_799_996_401.0):
        monkeypatch.setattr("time.time", lambda seconds=seconds: seconds)
        names.append(make(store, queued_at=utc_now(milliseconds=True)).id)
    assert [run.id for run in queued_runs(store.runs())] == names
    monkeypatch.setattr("time.time", lambda: 1_800_000_100.0)
    with store.get(names[0]).own() as owner:
        owner.update(state="stopped")
    requeue(store.get(names[0]))
    assert [run.id for run in queued_runs(store.runs())] == [*names[1:], names[0]]


def test_runs_made_across_the_turn_of_a_second_start_in_the_order_they_were_wished(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_003.1)
    names = [make(store, queued_at=f"2027-01-15T08:00:0{moment}Z").id for moment in ("2.990", "3.050", "3.090")]
    assert [run.id for run in queued_runs(store.runs())] == names


def test_what_follow_says_of_a_queued_run_names_who_will_train_it(store: RunStore) -> None:
    run = make(store)
    assert "queued for cpu, which has no worker" in worker_commands._news(run, 0.0)
    with worker_commands_place(store):
        assert "what is before it" in worker_commands._news(run, 0.0)
    assert "who made it trains it" in worker_commands._news(make(store, foreground=True), 0.0)


def test_a_worker_that_somebody_stopped_is_why_nothing_moves(store: RunStore, say: Say) -> None:
    run = make(store)
    worker = start("worker", "--device", "cpu", "--idle", "0", "--runs", str(store.root))
    place = WorkerPlace(store, "cpu")
    with run.own():  # so that it does not begin
        wait_for(lambda: place.is_manned)
        os.kill(worker.pid, signal.SIGSTOP)
        wait_for(lambda: place.what_keeps_it)
        words = f"its worker is process {worker.pid}, which is stopped (SIGSTOP, or ctrl-z); kill -CONT {worker.pid}"
        assert words in worker_commands._news(run, 0.0)
        assert words in " ".join(say("queue")[1].split())
        (problem,) = starting.put_to_work(store, [run])
        assert words in problem
        worker.kill()
        worker.communicate()


def worker_commands_place(store: RunStore) -> Any:
    from contextlib import closing
    from types import SimpleNamespace

    return closing(SimpleNamespace(close=WorkerPlace(store, "cpu").take(1).release))


def test_what_follow_says_of_a_silent_run_grows_with_the_silence(store: RunStore) -> None:
    run = make(store)
    with run.own() as owner:
        owner.update(state="training")
        run = run.reload()
        assert worker_commands._news(run, 59.0) == ""
        assert "no sign of life for 1 min" in worker_commands._news(run, 61.0)
        assert "no sign of life for 5 min" in worker_commands._news(run, 400.0)
        assert f"cnnlab stop {run.id}" in worker_commands._news(run, 400.0)


def test_the_reason_of_a_worker_that_cannot_start_is_its_own_not_an_older_ones(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(store)
    descriptor = WorkerPlace(store, "cpu").open_log()
    os.write(descriptor, b"an older worker's last words\n")
    os.close(descriptor)
    kill = f"import os, sys; os.kill(os.getpid(), {int(signal.SIGKILL)})"
    monkeypatch.setattr(starting, "_program", lambda: [COMMAND[0], "-c", kill])
    (problem,) = starting.put_to_work(store, [run])
    assert problem == "cpu: the worker was killed by SIGKILL: its log is empty"
    assert run.reload().document["waiting"] in problem


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_queue_is_told_in_eighty_columns_whatever_a_run_waits_for(store: RunStore, encoding: str) -> None:
    reasons = [f"the worker ended with exit code 1: /home/jürgen/{'x' * 200}: no module named engine", "e" * 5000, ""]
    for number, why in enumerate(reasons):
        run = make(store)
        with run.own() as owner:
            owner.update(waiting=why or None, name=f"длинное имя {number} " * 9)
    done = subprocess.run(
        [*COMMAND, "queue", "--runs", str(store.root)],
        env={**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    lines = done.stdout.decode(encoding).splitlines()
    assert max(map(text_width, lines)) <= 80
    rows = [number for number, line in enumerate(lines) if line.startswith("queued")]
    assert [lines[number].split()[-1] for number in rows] == [run.id for run in reversed(store.runs())]
    assert [after - before for before, after in pairwise([*rows, len(lines)])] == [4, 4, 1]
    assert "the worker ended with exit code 1" in lines[rows[0] + 1]


def test_the_queue_is_told_though_a_run_is_removed_meanwhile(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    from engine.worker import backlog

    kept, removed = make(store), make(store)
    document = backlog.queue_document(store)
    shutil.rmtree(removed.path)
    monkeypatch.setattr(backlog, "queue_document", lambda store: document)
    done = CliRunner().invoke(command, ["queue", "--runs", str(store.root)], catch_exceptions=False)
    assert done.exit_code == 0
    assert kept.id in done.output
    assert removed.id not in done.output
