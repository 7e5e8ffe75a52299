"""Three tactics on one GPU: one after another, in a process each at once, and on a stream each of one process.

python -m benchmarks.together [--data-dir DIR] [--rounds N] [--epochs N] [--out F.json]

All are timed from where everything is imported, captured and in place until the last training has ended.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path

import torch

from benchmarks.report import save, spread, words
from benchmarks.sides import experiment_of, load, seconds_at_once, the_gpu
from engine.data import ImageDataset
from engine.experiment import DatasetSettings
from engine.training.device import device_name, reproducible
from engine.training.streams import own_stream
from engine.training.trainer import Trainer

CLASSES = "apple,aquarium_fish,baby"
POOLINGS = ("stride", "max", "avg")
Data = tuple[ImageDataset, DatasetSettings]


def ready(data: Data, pooling: str, epochs: int, device: torch.device) -> Trainer:
    """A training whose steps are captured."""
    dataset, settings = data
    trainer = Trainer(experiment_of(settings, pooling).replace("training.epochs", epochs), dataset, device)
    if why := trainer.prepare():
        sys.exit(why)
    return trainer


def finish(trainer: Trainer) -> None:
    """Train to the end."""
    for _ in trainer.events():
        pass


def in_sequence(data: Data, data_dir: Path | None, epochs: int, device: torch.device) -> float:
    """Seconds of one after the other."""
    trainers = [ready(data, pooling, epochs, device) for pooling in POOLINGS]
    began = time.monotonic()
    for trainer in trainers:
        finish(trainer)
    return time.monotonic() - began


def on_streams(data: Data, data_dir: Path | None, epochs: int, device: torch.device) -> float:
    """Seconds of three threads with streams of their own, as the lanes of a GPU have them."""
    turn, everybody = threading.Lock(), threading.Barrier(len(POOLINGS) + 1)

    def train(pooling: str) -> None:
        with own_stream(device):
            try:
                with turn:
                    trainer = ready(data, pooling, epochs, device)
                    torch.cuda.synchronize(device)
            except BaseException:
                everybody.abort()
                raise
            everybody.wait()
            finish(trainer)

    threads = [threading.Thread(target=train, args=(pooling,)) for pooling in POOLINGS]
    for thread in threads:
        thread.start()
    everybody.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join()
    return time.monotonic() - began


def lane(data_dir: Path | None, pooling: str, epochs: int, barrier: Barrier) -> None:
    """One process: its training, once the others are ready, too."""
    device = torch.device("cuda", 0)
    with reproducible(device, 1):
        trainer = ready(load(data_dir, CLASSES), pooling, epochs, device)
        barrier.wait()
        finish(trainer)
    barrier.wait()


def in_processes(data: Data, data_dir: Path | None, epochs: int, device: torch.device) -> float:
    """Seconds of three processes at once."""
    return seconds_at_once(lane, [(data_dir, pooling, epochs) for pooling in POOLINGS])


SIDES: dict[str, Callable[[Data, Path | None, int, torch.device], float]] = {
    "sequence": in_sequence,
    "streams": on_streams,
    "processes": in_processes,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    device = the_gpu()
    data = load(options.data_dir, CLASSES)
    found: dict[str, list[float]] = {name: [] for name in SIDES}
    with reproducible(device, 1):
        for number in range(options.rounds):  # who goes first changes
            for name in list(SIDES) if number % 2 == 0 else list(SIDES)[::-1]:
                found[name].append(SIDES[name](data, options.data_dir, options.epochs, device))
    rows = {f"{name}: seconds": spread(values) for name, values in found.items()}
    for name in list(SIDES)[1:]:
        rows[f"sequence / {name}"] = spread([a / b for a, b in zip(found["sequence"], found[name], strict=True)])
    for name, row in rows.items():
        print(f"{name:22} {words(row)}")
    save("together", rows, options.out, device=device_name(device))


if __name__ == "__main__":
    main()
