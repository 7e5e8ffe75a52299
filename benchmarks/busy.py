"""Training beside one busy process, as a share of its quiet speed: this engine's and the notebook's default threads.

python -m benchmarks.busy [--data-dir DIR] [--rounds N] [--out F.json]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from benchmarks.report import against, save, spread
from benchmarks.sides import Ours, Theirs, experiment_of, load
from engine.machine import usable_cores
from engine.training.device import choose_threads, reproducible

BUDGET = 0.4  # of this engine's quiet speed
BUSY = [sys.executable, "-c", "while True: pass"]


def shares(side: Ours | Theirs, rounds: int) -> dict[str, Any]:
    """Speed beside the process by speed without it, in turn."""
    found = []
    for _ in range(rounds):
        quiet = side.slice().wall
        busy = subprocess.Popen(BUSY)
        try:
            side.slice()
            found.append(side.slice().wall / quiet)
        finally:
            busy.kill()
            busy.wait()
    return spread(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    dataset, settings = load(options.data_dir, "apple,aquarium_fish,baby")
    device, rows = torch.device("cpu"), {}
    experiment = experiment_of(settings, "max", 0)
    for name, make, threads in (
        ("cnnlab", Ours, choose_threads(device, 0, 1_334_016, 1)),
        ("notebook", Theirs, usable_cores()),
    ):
        with reproducible(device, threads):
            rows[name] = shares(make(experiment, dataset, device), options.rounds)
        line = against(rows[name], BUDGET if name == "cnnlab" else None)
        print(f"{name:9} {threads} thread(s), beside one busy process, of its quiet speed: {line}", flush=True)
    save("busy", rows, options.out)


if __name__ == "__main__":
    main()
