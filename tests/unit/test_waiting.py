"""What is said of runs that wait is what is so now."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import machine
from engine.configuration import load_toml
from engine.errors import RequestError
from engine.store import Run, RunStore
from engine.worker import start
from engine.worker.backlog import note_waiting, queued_words, unqueue
from engine.worker.daemon import Worker
from engine.worker.place import WorkerPlace


@pytest.fixture
def queued(store: RunStore) -> Run:
    request = {"device": "cpu", "queued_at": "2026-01-01T00:00:00.000Z"}
    return store.create({"dataset": {}, "model": {}, "training": {}}, fingerprint="f", name="x", request=request)


def serve_with_no_lane(place: WorkerPlace) -> None:
    """A worker that looks at its queue, takes nothing and leaves."""
    lock = place.take(0)
    try:
        Worker(place, lanes=0, idle_seconds=0.01, say=lambda line: None)._serve(lock)
    finally:
        lock.release()


def test_a_worker_that_is_slow_to_begin_is_told_but_not_on_the_run(
    store: RunStore, queued: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(start, "_program", lambda: [sys.executable, "-c", "input()", "--"])
    ours, theirs = os.pipe()
    monkeypatch.setattr(start.subprocess, "DEVNULL", ours)  # its input never ends: it neither serves nor leaves
    (problem,) = start.put_to_work(store, [queued])
    os.close(theirs)
    os.close(ours)
    assert "has not begun to serve yet" in problem
    assert queued.reload().document.get("waiting") is None


def test_what_a_queued_run_waits_for_goes_when_it_leaves_the_queue(queued: Run) -> None:
    note_waiting(queued, "the worker was killed")
    assert queued.reload().document["waiting"] == "the worker was killed"
    assert unqueue(queued.reload()).document["waiting"] is None


def test_a_worker_that_begins_takes_back_what_was_said_before_it(store: RunStore, queued: Run) -> None:
    note_waiting(queued, "the worker was killed")
    place = WorkerPlace(store, "cpu")
    serve_with_no_lane(place)
    assert queued.reload().document["waiting"] is None


def test_a_gpu_that_the_kernel_does_not_show_is_told_before_torch_is_asked(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = {"device": "cuda:0", "queued_at": "2026-01-01T00:00:00.000Z"}
    run = store.create({"dataset": {}, "model": {}, "training": {}}, fingerprint="f", name="x", request=request)
    place = WorkerPlace(store, "cuda:0")
    monkeypatch.setattr(machine, "_torch_without_gpus", lambda: None)
    for count, expected in ((0, "the kernel shows no NVIDIA GPU"), (1, "None")):
        monkeypatch.setattr(machine, "gpu_count", lambda count=count: count)
        serve_with_no_lane(place)
        assert expected in str(run.reload().document["waiting"])


def test_a_list_of_runs_says_that_nobody_serves_those_that_wait(store: RunStore, queued: Run) -> None:
    command = [sys.executable, "-m", "engine.cli", "runs", "--runs", str(store.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "1 queued for cpu, which has no worker" in done.stderr
    assert "which has no worker" in queued_words(queued)
    lock = WorkerPlace(store, "cpu").take(1)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lock.release()
    assert "no worker" not in done.stderr


def test_a_pipe_is_no_settings_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "f.toml")
    with pytest.raises(RequestError, match="a pipe, which may never end"):
        load_toml(tmp_path / "f.toml")
