"""Three tactics of pooling in lanes of one thread against the notebook's three trainings at its default threads.

python -m benchmarks.lanes [--data-dir DIR] [--rounds N] [--epochs N] [--fast] [--out F.json]

Both sides are timed from where everything is imported and in place: start-up is measured by `benchmarks.parts`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path

import torch

from benchmarks.report import against, save, spread
from benchmarks.sides import Theirs, experiment_of, load, seconds_at_once
from engine.architecture import build_architecture
from engine.machine import usable_cores
from engine.training.device import reproducible
from engine.training.precision import choose_precision
from engine.training.trainer import Trainer

CPU = torch.device("cpu")
CLASSES = "apple,aquarium_fish,baby"
POOLINGS = ("stride", "max", "avg")
BUDGETS = {"exact": 1.6, "fast": 2.3}
LANES = (("max",), ("stride", "avg"))  # as a queue of two lanes gives them out


def lane(data_dir: Path | None, epochs: int, wish: str, poolings: tuple[str, ...], barrier: Barrier) -> None:
    """One process: what it trains, once the others are ready, too."""
    dataset, settings = load(data_dir, CLASSES)
    with reproducible(CPU, 1):
        trainers = []
        for pooling in poolings:
            experiment = experiment_of(settings, pooling).replace("training.epochs", epochs)
            architecture = build_architecture(experiment.model, dataset.image_shape, len(dataset.classes))
            precision = choose_precision(wish, CPU, architecture.multiply_adds)
            trainers.append(Trainer(experiment, dataset, CPU, precision=precision))
        barrier.wait()
        for trainer in trainers:
            for _ in trainer.events():
                pass
    barrier.wait()


def ours(data_dir: Path | None, epochs: int, wish: str) -> float:
    """Seconds until the last lane is done; `wish` is `exact` or `fast`."""
    return seconds_at_once(lane, [(data_dir, epochs, wish, poolings) for poolings in LANES])


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
    parser.add_argument("--fast", action="store_true", help="bfloat16 where the processor and the network gain by it")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    wish = "fast" if options.fast else "exact"
    sides: dict[str, Callable[[], float]] = {
        "theirs": lambda: theirs(options.data_dir, options.epochs),
        "ours": lambda: ours(options.data_dir, options.epochs, wish),
    }
    pairs = []
    for number in range(options.rounds):  # who goes first changes
        order = list(sides) if number % 2 == 0 else list(sides)[::-1]
        found = {name: sides[name]() for name in order}
        pairs.append((found["theirs"], found["ours"]))
    row = spread([other / mine for other, mine in pairs])
    print(f"notebook / lanes, {wish}: {against(row, BUDGETS[wish])}")
    rows = {"notebook / lanes": row, "lanes_seconds": spread([mine for _, mine in pairs])}
    save("lanes" if wish == "exact" else "lanes-fast", rows, options.out)


if __name__ == "__main__":
    main()
