"""A full disk, or a file that may not grow: the training waits, says so, and loses nothing that it confirmed."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import train
from engine.errors import StorageFullError
from engine.experiment import Experiment
from engine.store import Run, RunStore, layout
from engine.store import files as files_module
from tests.faults.processes import TINY, cnnlab, lane_of, start, wait_for, worker_of

Tiny = Callable[..., Experiment]


@pytest.fixture
def pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is written at once, and a full disk is looked at again soon."""
    for name in ("APPEND_SECONDS", "CHECKPOINT_SECONDS", "PROGRESS_SECONDS"):
        monkeypatch.setattr(f"engine.execution.recorder.{name}", 0.0)
    monkeypatch.setattr("engine.execution.recorder.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("engine.training.pacer.CHUNK_SECONDS", 0.0)


class Disk:
    """`os.write` on a disk that can be full for some files. The reserve makes room for run.json."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self.refused = 0
        original = os.write

        def write(descriptor: int, data: Any) -> int:
            name = Path(f"/proc/self/fd/{descriptor}").readlink().name
            if self.is_full and layout.RUN not in name:
                self.refused += 1
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return original(descriptor, data)

        monkeypatch.setattr(files_module.os, "write", write)


@pytest.mark.usefixtures("pressed")
def test_a_training_waits_for_room_says_so_and_ends_like_one_that_never_waited(
    store: RunStore, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in train(tiny(epochs=4), store=store, device="cpu"):
        pass
    expected = store.runs()[0]
    disk = Disk(monkeypatch)
    seen: list[str] = []

    def make_room() -> None:
        wait_for(lambda: disk.refused > 3)
        waiting = newest().document.get("waiting")
        seen.append(f"{newest().state}: {waiting}")
        disk.is_full = False

    def newest() -> Run:
        return store.runs()[0]

    helper = threading.Thread(target=make_room)
    for number, _ in enumerate(train(tiny(epochs=4), store=store, device="cpu")):
        if number == 4:
            disk.is_full = True
            helper.start()
    helper.join()
    assert seen[0].startswith("paused: disk full")
    assert "records waiting" in seen[0]
    done = newest()
    assert done.id != expected.id
    assert (done.state, done.document["waiting"]) == ("finished", None)
    assert [r["train"] for r in done.history().records] == [r["train"] for r in expected.history().records]
    assert (done.summary or {})["test_loss"] == (expected.summary or {})["test_loss"]


@pytest.mark.usefixtures("pressed")
def test_a_stop_while_the_disk_is_full_is_told_by_its_own_error_and_loses_nothing_confirmed(
    store: RunStore, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    run: Run | None = None

    def ask() -> None:
        wait_for(lambda: disk.refused > 1)
        (store.runs()[0].path / layout.REQUESTS).mkdir(exist_ok=True)
        disk.is_full = False
        store.runs()[0].request("stop")
        disk.is_full = True

    helper = threading.Thread(target=ask)
    confirmed = 0

    def work() -> None:
        nonlocal run, confirmed
        for number, _ in enumerate(train(tiny(epochs=1000), store=store, device="cpu")):
            run = run or store.runs()[0]
            confirmed = max(confirmed, len(run.history().records))
            if number == 8:
                disk.is_full = True
                helper.start()

    with pytest.raises(StorageFullError):
        work()
    helper.join()
    disk.is_full = False
    assert run is not None
    assert run.reload().state == "interrupted"
    assert len(run.history().records) >= confirmed
    run.own().release()


@pytest.mark.slow
def test_a_limit_on_file_sizes_is_a_full_disk_to_a_real_training(store: RunStore) -> None:
    """`RLIMIT_FSIZE` for the worker and its lanes: the history cannot grow beyond 200 kB."""
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))

    process = start("train", *TINY, "--epochs", "100000", "--runs", str(store.root), preexec_fn=limit)
    run = wait_for(lambda: store.runs() and store.runs()[0])
    wait_for(lambda: run.reload().document.get("waiting"))
    waiting = run.reload()
    assert waiting.state == "paused"
    assert "file size limit reached" in waiting.document["waiting"]
    whole = (run.path / layout.HISTORY).read_bytes()
    assert whole.endswith(b"\n")
    assert len(whole) <= 200_000
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert run.reload().state == "interrupted"
    assert process.returncode == 143
    done = cnnlab(store, "resume", run.id, "--detach")
    assert done.returncode == 0
    wait_for(lambda: (run.path / layout.HISTORY).stat().st_size > len(whole))
    assert cnnlab(store, "stop", run.id).returncode == 0
    os.kill(worker_of(store), signal.SIGTERM)


@pytest.mark.slow
def test_a_lane_that_hangs_is_killed_when_a_stop_is_not_granted(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.worker import daemon
    from engine.worker.place import WorkerPlace

    monkeypatch.setattr(daemon, "ANSWER_SECONDS", 0.5)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        monkeypatch.setattr(signal, "signal", lambda *_, number=number: None)
    said: list[str] = []
    place = WorkerPlace(store, "cpu")
    store.root.mkdir(parents=True)
    worker = daemon.Worker(place, 1, 0.0, said.append)
    server = threading.Thread(target=worker.serve)
    server.start()
    done = cnnlab(store, "train", *TINY, "--epochs", "1000000", "--detach")
    assert done.returncode == 0, done.stderr
    run = store.runs()[0]
    wait_for(lambda: run.reload().state == "training")
    os.kill(lane_of(run), signal.SIGSTOP)
    run.request("stop")
    wait_for(lambda: run.reload().state == "interrupted")
    assert "killed by SIGKILL" in run.reload().document["failure"]["reason"]
    assert any("does not answer" in line for line in said)
    worker._leaving = True
    server.join()
