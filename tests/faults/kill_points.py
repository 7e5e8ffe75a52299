"""A short run that is killed before its Nth operation on a file, for every N, and then resumed.

python -m tests.faults.kill_points FOLDER     prints how many moments were tried, and what was lost

Each life is a fork of this process, which has imported torch and never trained: torch bears no fork after that.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

from engine import train
from engine.execution import recorder
from engine.experiment import Experiment
from engine.preparation import prepare, queue_run
from engine.store import Run, RunStore
from engine.training import pacer
from engine.training.checkpoint import load_checkpoint
from tests.faults.test_killed_runs import what_counts

SETTINGS = {
    "dataset": {"name": "digits", "classes": ["0", "1"], "image_size": 16},
    "model": {"hidden_size": 4},
    "training": {"epochs": 2, "batch_size": 64, "lr": 0.1, "threads": 1},
}
OPERATIONS = (
    *("open", "write", "pwrite", "fsync", "close", "replace", "rename", "ftruncate", "unlink", "mkdir"),
    *("utime", "posix_fallocate", "scandir", "lstat", "stat"),
)
WISHES: dict[int, list[tuple[str, dict[str, Any]]]] = {
    2: [("edit", {"note": "seen"})],
    4: [("pause", {}), ("resume", {})],
}


def live(life: Callable[[], object]) -> int:
    """Do it in a process of its own; its exit status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        life()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - it must not go on as its parent
        traceback.print_exc()
        os._exit(1)


def train_with_wishes(run: Run) -> None:
    """To the end, while somebody edits, pauses and resumes."""
    for number, _ in enumerate(train(Experiment.build(run.experiment), run, device="cpu")):
        for kind, payload in WISHES.get(number, []):
            run.request(kind, **payload)


def train_until(nth: int, run: Run) -> None:
    """The same, until just before the Nth operation on a file."""
    done = 0

    def deadly(original: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            nonlocal done
            done += 1
            if done == nth:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        return counted

    for name in OPERATIONS:
        setattr(os, name, deadly(getattr(os, name)))
    train_with_wishes(run)


def main(folder: str) -> None:
    """Try every moment.

    Raises:
        AssertionError: where a run does not read, or does not go on to the same bits.
    """
    recorder.APPEND_SECONDS = recorder.CHECKPOINT_SECONDS = recorder.PROGRESS_SECONDS = 0.0
    pacer.CHUNK_SECONDS = 0.0
    store = RunStore(folder)
    experiment, _ = prepare(Experiment.build(SETTINGS))

    def make() -> Run:
        return queue_run(store, experiment, device="cpu")

    first = make()
    assert live(lambda: train_with_wishes(first)) == 0
    expected = what_counts(first.reload())
    nth, status, again, states = 0, -1, 0, dict[str, int]()
    while status != 0:
        nth += 1
        run = make()
        status = live(lambda nth=nth, run=run: train_until(nth, run))
        assert status in (0, signal.SIGKILL), f"operation {nth}"
        left = run.reload()
        assert left.state in ("queued", "interrupted", "finished"), f"operation {nth}: {left.state} {left.damage}"
        states[left.state] = states.get(left.state, 0) + 1
        checkpoint = load_checkpoint(left.path)
        again = max(again, len(left.history().records) - (checkpoint.epoch if checkpoint else 0))
        if left.state != "finished":
            assert live(lambda run=run: train_with_wishes(run)) == 0
        assert what_counts(run.reload()) == expected, f"operation {nth}"
        assert not [path for path in run.path.iterdir() if path.name.startswith(".tmp-")]
        shutil.rmtree(run.path)
    print(json.dumps({"points": nth - 1, "epochs_trained_again": again, "states": states}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
