"""Three tactics of pooling in lanes of one thread against the notebook's three trainings at its default threads.

python -m benchmarks.lanes [--data-dir DIR] [--rounds N] [--epochs N] [--out F.json]

Both sides are timed from where everything is imported and in place: start-up is measured by `benchmarks.parts`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

import torch

from benchmarks.report import save, spread, words
from benchmarks.sides import Theirs, experiment_of, load
from engine.machine import usable_cores
from engine.training.device import reproducible
from engine.training.trainer import Trainer

CPU = torch.device("cpu")
CLASSES = "apple,aquarium_fish,baby"
POOLINGS = ("stride", "max", "avg")
LANES = (("max",), ("stride", "avg"))  # as a queue of two lanes gives them out


def lane(data_dir: Path | None, epochs: int, poolings: tuple[str, ...], barrier: Barrier) -> None:
    """One process: what it trains, once the others are ready, too."""
    dataset, settings = load(data_dir, CLASSES)
    with reproducible(CPU, 1):
        experiments = [experiment_of(settings, pooling).replace("training.epochs", epochs) for pooling in poolings]
        trainers = [Trainer(experiment, dataset, CPU) for experiment in experiments]
        barrier.wait()
        for trainer in trainers:
            for _ in trainer.events():
                pass
    barrier.wait()


def ours(data_dir: Path | None, epochs: int) -> float:
    """Seconds until the last lane is done."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(LANES) + 1)
    processes = [context.Process(target=lane, args=(data_dir, epochs, poolings, barrier)) for poolings in LANES]
    for process in processes:
        process.start()
    barrier.wait()
    began = time.monotonic()
    barrier.wait()
    seconds = time.monotonic() - began
    for process in processes:
        process.join()
    return seconds


def theirs(data_dir: Path | None, epochs: int) -> float:
    """Seconds of three trainings, one after the other, with a thread a core."""
    dataset, settings = load(data_dir, CLASSES)
    with reproducible(CPU, usable_cores()):
        loops = [Theirs(experiment_of(settings, pooling), dataset, CPU) for pooling in POOLINGS]
        began = time.monotonic()
        for loop in loops:
            loop.train(epochs)
        return time.monotonic() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    sides, pairs = (theirs, ours), []
    for number in range(options.rounds):  # who goes first changes
        order = sides if number % 2 == 0 else sides[::-1]
        found = {side: side(options.data_dir, options.epochs) for side in order}
        pairs.append((found[theirs], found[ours]))
    row = spread([other / mine for other, mine in pairs])
    print(f"notebook / lanes {words(row)}")
    rows = {"notebook / lanes": row, "lanes_seconds": spread([mine for _, mine in pairs])}
    save("lanes", rows, options.out)


if __name__ == "__main__":
    main()
