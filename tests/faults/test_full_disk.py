"""A full disk, or a file that may not grow: the training waits, says so, and loses nothing that it confirmed."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import train
from engine.errors import StorageFullError
from engine.experiment import Experiment
from engine.store import Run, RunOwner, RunStore, layout
from engine.store import files as files_module
from tests.faults.processes import TINY, cnnlab, start, wait_for, worker_of

Tiny = Callable[..., Experiment]


@pytest.fixture
def pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is written at once, and a full disk is looked at again soon."""
    for name in ("APPEND_SECONDS", "CHECKPOINT_SECONDS", "PROGRESS_SECONDS"):
        monkeypatch.setattr(f"engine.execution.recorder.{name}", 0.0)
    monkeypatch.setattr("engine.execution.room.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("engine.training.pacer.CHUNK_SECONDS", 0.0)


class Disk:
    """`os.write` on a disk that can be full, except for some files. The reserve makes room for run.json."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, spared: str = layout.RUN) -> None:
        self.is_full = False
        self.refused = 0
        original = os.write

        def write(descriptor: int, data: Any) -> int:
            name = Path(f"/proc/self/fd/{descriptor}").readlink().name
            if self.is_full and not (spared and spared in name):
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
    assert " waiting" in seen[0].rpartition(";")[2]
    done = newest()
    assert done.id != expected.id
    assert (done.state, done.document["waiting"]) == ("finished", None)
    assert [r["train"] for r in done.history().records] == [r["train"] for r in expected.history().records]
    assert (done.summary or {})["test_loss"] == (expected.summary or {})["test_loss"]


@pytest.mark.usefixtures("pressed")
@pytest.mark.parametrize("spared", [layout.RUN, ""], ids=["with a reserve", "with no byte left"])
@pytest.mark.parametrize("moment", ["starting", "training", "evaluating"])
def test_a_disk_that_fills_at_any_moment_only_delays_the_end(
    store: RunStore, tiny: Tiny, monkeypatch: pytest.MonkeyPatch, moment: str, spared: str
) -> None:
    """It is full from the first write in a state until some writes were refused."""
    disk = Disk(monkeypatch, spared)
    seen: set[str] = set()

    def make_room() -> None:
        wait_for(lambda: disk.refused > 3 and (not spared or store.runs()[0].state == "paused"))
        seen.add(f"{store.runs()[0].state}: {store.runs()[0].document.get('waiting')}")
        disk.is_full = False

    helper = threading.Thread(target=make_room)
    update = RunOwner.update

    def fill_after(owner: RunOwner, **changes: Any) -> None:
        update(owner, **changes)
        if changes.get("state") == moment and not helper.ident:
            disk.is_full = True
            helper.start()

    monkeypatch.setattr(RunOwner, "update", fill_after)
    for _ in train(tiny(epochs=3), store=store, device="cpu"):
        pass
    helper.join()
    done = store.runs()[0]
    assert (done.state, done.document["waiting"]) == ("finished", None)
    assert [record["epoch"] for record in done.history().records] == [1, 2, 3]
    assert done.report() is not None
    if spared:
        assert seen.pop().startswith("paused: disk full")


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


ON_A_SMALL_DISK = """
import json, os, sys, threading, time
from pathlib import Path
from engine import Experiment, RunStore, train
from engine.execution import recorder, room
from engine.store.files import TEMPORARY

recorder.APPEND_SECONDS = recorder.CHECKPOINT_SECONDS = 0.0
room.RETRY_SECONDS = 0.05  # long enough to be seen: the reserve may end a wait before anybody has looked
place = Path(sys.argv[1])
store = RunStore(place / "runs")
training = {"epochs": 40, "batch_size": 64, "lr": 0.1, "threads": 1}
settings = {"dataset": {"classes": [0, 1], "image_size": 16}, "model": {"hidden_size": 2}, "training": training}
filler, seen = place / "filler", []

def fill():
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            pass

def make_room():
    while not (waiting := store.runs()[0].document.get("waiting")):
        time.sleep(0.001)
    run = store.runs()[0]
    seen.append([run.state, waiting, [record["epoch"] for record in run.history().records]])
    filler.unlink()

for number, event in enumerate(train(Experiment.build(settings), store=store, device="cpu")):
    if number == 6:
        fill()
        threading.Thread(target=make_room, daemon=True).start()
run = store.runs()[0]
left = [path.name for path in run.path.iterdir() if path.name.startswith(TEMPORARY)]
print(json.dumps({"seen": seen[0], "state": run.state, "epochs": len(run.history().records), "left": left}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("size", ["96k", "1m"])
def test_a_real_disk_that_is_full_pauses_a_real_training_which_goes_on_when_there_is_room(
    tmp_path: Path, size: str
) -> None:
    """A tmpfs that no other process sees. 96 KiB are not even enough for the whole reserve."""
    script = f'mount -t tmpfs -o size={size} none "$1" && exec "$2" -c "$3" "$1"'
    words = ["unshare", "-Urm", "sh", "-c", script, "sh", str(tmp_path), sys.executable, ON_A_SMALL_DISK]
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("no namespaces here")
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=120, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    state, waiting, epochs = told["seen"]
    assert (state, told["state"], told["epochs"], told["left"]) == ("paused", "finished", 40, [])
    assert waiting.startswith("disk full")
    assert epochs == list(range(1, len(epochs) + 1))


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
