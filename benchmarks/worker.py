"""What the background costs: start-up of a detached run, training beside its monitoring, lanes against sequence.

python -m benchmarks.worker [--rounds N] [--epochs N] [--parts start,speed,lanes] [--out F.json]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import against, save, spread
from engine.store import Run, RunStore
from engine.worker.place import WorkerPlace

BUDGETS = {"watched / bare": 0.98}

CLASSES = "0,1,2"
BARE = """
import sys
from engine import Experiment, RunStore, train
settings = {"dataset": {"classes": [0, 1, 2]}, "training": {"epochs": int(sys.argv[2]), "threads": 1}}
for event in train(Experiment.build(settings), store=sys.argv[1], device="cpu"):
    pass
"""


def cnnlab(store: RunStore, *arguments: str) -> str:
    """Standard output of a command."""
    words = [sys.executable, "-m", "engine.cli", *arguments, "--runs", str(store.root)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def detach(store: RunStore, epochs: int) -> Run:
    """A run left to the worker."""
    options = ("--classes", CLASSES, "--epochs", str(epochs), "--threads", "1", "--device", "cpu", "--detach", "--json")
    return store.get(json.loads(cnnlab(store, "train", *options))["id"])


def wait_for_line(run: Run) -> None:
    """Until the first epoch stands in the history."""
    while not run.history().records:
        time.sleep(0.005)


def wait_for_end(run: Run) -> Run:
    """Until nobody executes it."""
    while not run.reload().is_over:
        time.sleep(0.05)
    return run.reload()


def end_worker(store: RunStore) -> None:
    """Ask the worker to leave, and wait for it."""
    place = WorkerPlace(store, "cpu")
    if holder := place.holder():
        os.kill(int(holder["pid"]), signal.SIGTERM)
    while place.is_manned:
        time.sleep(0.01)


def start_up(folder: Path) -> dict[str, float]:
    """Seconds from `--detach` to the first epoch's line: with no worker there, and with a warm lane."""
    store = RunStore(folder)
    found = {}
    for name in ("cold", "warm"):
        began = time.monotonic()
        run = detach(store, 5)
        wait_for_line(run)
        found[name] = time.monotonic() - began
        wait_for_end(run)
    end_worker(store)
    return found


def speeds(folder: Path, epochs: int, *, bare_first: bool) -> tuple[float, float]:
    """Images a second of a bare `train` call and of a run of the worker, one after the other."""
    bare, watched = RunStore(folder / "bare"), RunStore(folder / "watched")

    def train_bare() -> None:
        subprocess.run([sys.executable, "-c", BARE, str(bare.root), str(epochs)], check=True)

    def train_watched() -> None:
        wait_for_end(detach(watched, epochs))
        end_worker(watched)

    for train in (train_bare, train_watched) if bare_first else (train_watched, train_bare):
        train()
    return speed_of(bare), speed_of(watched)


def speed_of(store: RunStore) -> float:
    """Images a second of the run in it."""
    return float((store.runs()[0].summary or {})["images_per_second"])


def study(folder: Path, epochs: int, lanes: int) -> float:
    """Wall seconds of a pooling study with one seed."""
    options = ("--classes", CLASSES, "--epochs", str(epochs), "--seeds", "1", "--device", "cpu", "--lanes", str(lanes))
    began = time.monotonic()
    cnnlab(RunStore(folder), "study", "pooling", *options)
    return time.monotonic() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--parts", default="start,speed,lanes")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    parts = options.parts.split(",")
    seconds: dict[str, list[float]] = {"cold": [], "warm": []}
    ratios: dict[str, list[float]] = {"watched / bare": [], "sequence / lanes": []}
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            if "start" in parts:
                for name, value in start_up(place / "start").items():
                    seconds[name].append(value)
            if "speed" in parts:
                bare, watched = speeds(place, options.epochs, bare_first=number % 2 == 0)
                ratios["watched / bare"].append(watched / bare)
            if "lanes" in parts:
                sequence = study(place / "one", options.epochs, 1)
                ratios["sequence / lanes"].append(sequence / study(place / "two", options.epochs, 2))
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    rows = {name: spread(values) for name, values in (seconds | ratios).items() if values}
    for name, row in rows.items():
        print(f"{name:18} {'s' if name in seconds else 'x'}  {against(row, BUDGETS.get(name))}")
    save("worker", rows, options.out)


if __name__ == "__main__":
    main()
