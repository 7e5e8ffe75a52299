"""On a GPU: captured steps, eager steps and the notebook's loop in turn; the three tactics for 500 epochs.

python -m benchmarks.gpu [--data-dir DIR] [--rounds N] [--epochs N] [--out F.json]
"""

from __future__ import annotations

import argparse
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from benchmarks.report import against, save, spread, words
from benchmarks.sides import Ours, Theirs, experiment_of, load, the_gpu
from engine.data import ImageDataset
from engine.experiment import DatasetSettings, Experiment
from engine.training.capture import Eager
from engine.training.device import device_name, reproducible
from engine.training.precision import EXACT, Precision, choose_precision
from engine.training.trainer import Trainer

POOLINGS = ("stride", "max", "avg")
RATIOS = (("captured", "notebook"), ("captured", "eager"), ("fast", "captured"), ("fast", "notebook"))
STUDIES = 3
BUDGETS = {("captured", "notebook"): 25.0}
STUDY_SECONDS = 3.0  # of training, for 500 epochs of each tactic


def ratios(dataset: ImageDataset, settings: DatasetSettings, device: torch.device, rounds: int) -> dict[str, Any]:
    """Captured by notebook, captured by eager, fast by exact: a slice of each in turn.

    Each side has the switches that it is for: the notebook's loop those that torch has when nobody sets any.
    """
    rows: dict[str, Any] = {}
    fast = choose_precision("fast", device, 1)
    precisions = {"captured": EXACT, "eager": EXACT, "fast": fast, "notebook": None}
    for pooling in POOLINGS:
        experiment = experiment_of(settings, pooling)
        sides: dict[str, Ours | Theirs] = {}
        for name, precision in precisions.items():
            with switches(device, precision):
                sides[name] = make_side(name, experiment, dataset, device, precision)
        found: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(rounds):
            for name in sides if number % 2 == 0 else reversed(sides):
                with switches(device, precisions[name]):
                    found[name].append(sides[name].slice().wall)
        captured = sides["captured"]
        rows[pooling] = {
            "path": captured.trainer.path if isinstance(captured, Ours) else None,
            "images_per_second": spread(found["captured"]),
            **{
                f"{mine} / {other}": spread([a / b for a, b in zip(found[mine], found[other], strict=True)])
                for mine, other in RATIOS
            },
        }
        for mine, other in RATIOS:
            line = against(rows[pooling][f"{mine} / {other}"], BUDGETS.get((mine, other)))
            print(f"{pooling:6} {mine:>8} / {other:8} {line}", flush=True)
    return rows


def make_side(
    name: str, experiment: Experiment, dataset: ImageDataset, device: torch.device, precision: Precision | None
) -> Ours | Theirs:
    """Warmed up, and captured where it is to be."""
    if precision is None:
        return Theirs(experiment, dataset, device)
    if name == "eager":
        return Ours(experiment, dataset, device, precision, make_path=lambda *_: Eager())
    return Ours(experiment, dataset, device, precision)


def switches(device: torch.device, precision: Precision | None) -> AbstractContextManager[None]:
    """Those of a precision of ours; None: as torch comes."""
    return nullcontext() if precision is None else reproducible(device, 1, precision)


def study(
    settings: DatasetSettings, dataset: ImageDataset, epochs: int, device: torch.device, rounds: int
) -> dict[str, Any]:
    """Seconds of the three trainings one after the other: start-up (batches, capture), and training."""
    seconds: dict[str, list[float]] = {"start-up": [], "training": []}
    with reproducible(device, 1):
        for _ in range(rounds):
            ready = trained = 0.0
            for pooling in POOLINGS:
                began = time.monotonic()
                experiment = experiment_of(settings, pooling).replace("training.epochs", epochs)
                trainer = Trainer(experiment, dataset, device)
                trainer.prepare()
                torch.cuda.synchronize(device)
                ready += time.monotonic() - began
                for _ in trainer.events():
                    pass
                trained += trainer.seconds
            seconds["start-up"].append(ready)
            seconds["training"].append(trained)
    rows = {name: spread(values) for name, values in seconds.items()}
    training = against(rows["training"], STUDY_SECONDS if epochs == 500 else None, at_most=True)
    print(f"three tactics, {epochs} epochs, seconds: training {training}; start-up {words(rows['start-up'])}")
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    device = the_gpu()
    dataset, settings = load(options.data_dir, "apple,aquarium_fish,baby")
    rows: dict[str, Any] = {"cuda": torch.version.cuda}
    rows |= ratios(dataset, settings, device, options.rounds)
    rows["study"] = study(settings, dataset, options.epochs, device, STUDIES)
    save("gpu", rows, options.out, device=device_name(device))


if __name__ == "__main__":
    main()
