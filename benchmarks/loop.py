"""Images a second of this engine's loop and of the notebook's, in turn, at equal threads.

python -m benchmarks.loop [--data-dir DIR] [--classes A,B,C] [--rounds N] [--seconds S] [--out F.json]
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.notebook import NotebookLoop
from benchmarks.report import describe, write
from engine.data import ImageDataset, load_dataset, resolve_classes
from engine.events import EpochEnded
from engine.experiment import DatasetSettings, Experiment
from engine.training.device import reproducible
from engine.training.trainer import Trainer


def ours(experiment: Experiment, dataset: ImageDataset, seconds: float) -> float:
    """Images a second of training epochs, their validation included; one epoch warms up."""
    trainer = Trainer(experiment, dataset, torch.device("cpu"))
    began, epochs = 0.0, 0
    for event in trainer.events():
        if isinstance(event, EpochEnded):
            if began == 0.0:
                began = time.monotonic()
                continue
            epochs += 1
        elif began and epochs and time.monotonic() - began >= seconds:
            break
    return epochs * trainer.train.size / (time.monotonic() - began)


def theirs(experiment: Experiment, dataset: ImageDataset, seconds: float) -> float:
    """The same of the notebook's loop."""
    settings, classes = experiment.training, len(dataset.classes)
    data = dataset.train, dataset.validation
    loop = NotebookLoop(experiment.model.pooling, *data, classes, settings.batch_size, settings.lr)
    loop.epoch()
    began, epochs = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        loop.epoch()
        epochs += 1
    return epochs * len(dataset.train.labels) / (time.monotonic() - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--classes", default="apple,aquarium_fish,baby")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.data_dir:
        dataset_settings: dict[str, Any] = {"name": "cifar100", "classes": options.classes}
    else:
        dataset_settings = {"name": "digits"}
    settings = resolve_classes(DatasetSettings(**dataset_settings), options.data_dir)
    dataset = load_dataset(settings, options.data_dir)
    rows = []
    for threads in (1, 2):
        for pooling in ("stride", "max", "avg"):
            training = {"epochs": 1_000_000, "threads": threads}
            experiment = Experiment.build({"dataset": settings, "model": {"pooling": pooling}, "training": training})
            pairs = []
            with reproducible(torch.device("cpu"), threads):
                for _ in range(options.rounds):
                    pairs.append(
                        (theirs(experiment, dataset, options.seconds), ours(experiment, dataset, options.seconds))
                    )
            ratios = [mine / other for other, mine in pairs]
            row = {
                "pooling": pooling,
                "threads": threads,
                "notebook_images_per_second": statistics.median(other for other, _ in pairs),
                "cnnlab_images_per_second": statistics.median(mine for _, mine in pairs),
                "ratio": statistics.median(ratios),
                "low": float(np.min(ratios)),
                "high": float(np.max(ratios)),
                "n": options.rounds,
            }
            rows.append(row)
            print(
                f"{threads} thread(s)  {pooling:6}  notebook {row['notebook_images_per_second']:8,.0f}  "
                f"cnnlab {row['cnnlab_images_per_second']:8,.0f} img/s  "
                f"ratio {row['ratio']:.2f} [{row['low']:.2f} {row['high']:.2f}]  n {options.rounds}",
                flush=True,
            )
    write({"benchmark": "loop", "data": dataset_settings, **describe(), "rows": rows}, options.out)


if __name__ == "__main__":
    main()
