"""On a GPU: captured steps, eager steps and the notebook's loop in turn; the three tactics for 500 epochs.

python -m benchmarks.gpu [--data-dir DIR] [--rounds N] [--epochs N] [--out F.json]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.report import save, spread, words
from benchmarks.sides import Ours, Theirs, experiment_of, load
from engine.data import ImageDataset
from engine.experiment import DatasetSettings
from engine.training.capture import Eager
from engine.training.device import device_name, reproducible
from engine.training.precision import EXACT, Precision, choose_precision
from engine.training.trainer import Trainer

POOLINGS = ("stride", "max", "avg")


def ratios(dataset: ImageDataset, settings: DatasetSettings, device: torch.device, rounds: int) -> dict[str, Any]:
    """Captured by notebook, captured by eager, fast by exact."""
    rows: dict[str, Any] = {}
    fast = choose_precision("fast", device, 1)
    for pooling in POOLINGS:
        experiment = experiment_of(settings, pooling)
        with reproducible(device, 1):
            captured = Ours(experiment, dataset, device)
            eager = Ours(experiment, dataset, device, make_path=lambda *_: Eager())
            notebook = Theirs(experiment, dataset, device)
            found = [(captured.slice().wall, eager.slice().wall, notebook.slice().wall) for _ in range(rounds)]
        with reproducible(device, 1, fast):
            quick = Ours(experiment, dataset, device, fast)
            speeds = [quick.slice().wall for _ in range(rounds)]
        rows[pooling] = {
            "path": captured.trainer.path,
            "images_per_second": spread([mine for mine, _, _ in found]),
            "captured / notebook": spread([mine / other for mine, _, other in found]),
            "captured / eager": spread([mine / other for mine, other, _ in found]),
            "fast / exact": spread([speed / mine for speed, (mine, _, _) in zip(speeds, found, strict=True)]),
        }
        for name in ("captured / notebook", "captured / eager", "fast / exact"):
            print(f"{pooling:6} {name:20} {words(rows[pooling][name])}", flush=True)
    return rows


def study(settings: DatasetSettings, dataset: ImageDataset, epochs: int, device: torch.device) -> dict[str, float]:
    """Seconds of the three trainings one after the other: start-up (data, capture), and training."""
    ready = trained = 0.0
    precision: Precision = EXACT
    with reproducible(device, 1, precision):
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
    print(f"three tactics, {epochs} epochs: {trained:.2f} s of training after {ready:.2f} s of start-up")
    return {"seconds": trained, "start_up_seconds": ready}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("torch sees no CUDA device here: nothing was measured")
    device = torch.device("cuda", 0)
    dataset, settings = load(options.data_dir, "apple,aquarium_fish,baby")
    rows: dict[str, Any] = {"device": device_name(device), "cuda": torch.version.cuda}
    rows |= ratios(dataset, settings, device, options.rounds)
    rows["study"] = study(settings, dataset, options.epochs, device)
    save("gpu", rows, options.out)


if __name__ == "__main__":
    main()
