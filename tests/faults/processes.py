"""`cnnlab` in processes of their own, and waiting for what they do."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import train
from engine.experiment import Experiment
from engine.store import Run, RunStore, layout
from engine.store.lock import load_holder
from engine.worker.place import WorkerPlace

COMMAND = [sys.executable, "-m", "engine.cli"]
TINY = ("--classes", "0,1", "--image-size", "16", "--hidden-size", "4", "--lr", "0.1", "--device", "cpu")


def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    """A command under way."""
    return subprocess.Popen(
        [*COMMAND, *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options
    )


def cnnlab(store: RunStore, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command that has ended."""
    words = [*COMMAND, *arguments, "--runs", str(store.root)]
    return subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def wait_for(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What the condition gives, as soon as it gives something."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def lane_of(run: Run) -> int:
    """The pid of the process that executes a run."""
    return int(load_holder(run.path / "owner.lock")["pid"])


def worker_of(store: RunStore) -> int:
    """The pid of the worker for the CPU."""
    return int(WorkerPlace(store, "cpu").holder()["pid"])


def is_running(pid: int) -> bool:
    """Whether this process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def assert_same_alone(run: Run, alone: RunStore, device: str) -> Run:
    """As the same training by itself, which is done now, has it: every epoch and every prediction, to the bit.

    Returns:
        The run that did it.
    """
    for _ in train(Experiment.build(run.experiment), store=alone, device=device):
        pass
    same = alone.runs()[0]
    assert len(run.history().records) == run.experiment["training"]["epochs"]
    for record, other in zip(run.history().records, same.history().records, strict=True):
        assert {**record, "seconds": 0} == {**other, "seconds": 0}
    assert (run.path / layout.PREDICTIONS).read_bytes() == (same.path / layout.PREDICTIONS).read_bytes()
    return same
