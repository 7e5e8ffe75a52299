"""Single parts: start-up by its steps in a cold process, batches without a network, evaluation without training.

python -m benchmarks.parts [--data-dir DIR] [--rounds N] [--out F.json]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.report import save, spread, words
from benchmarks.sides import Ours, experiment_of, load
from engine.data import ImageDataset
from engine.training.device import choose_device, device_name, reproducible
from engine.training.scoring import score_split

COLD = """
import json, sys, time
marks = [("", time.monotonic())]
def mark(name): marks.append((name, time.monotonic()))
import torch; mark("import torch")
from pathlib import Path
from benchmarks.sides import experiment_of, load
from engine.training.device import reproducible
from engine.training.trainer import Trainer; mark("import the engine")
dataset, settings = load(Path(sys.argv[1]) if sys.argv[1] else None, "apple,aquarium_fish,baby"); mark("data")
from engine.training.device import choose_device
device = choose_device("auto")
with reproducible(device, 1):
    trainer = Trainer(experiment_of(settings, "max"), dataset, device); mark("network and batches")
    trainer.prepare(); mark("capture")
    next(iter(trainer.events())); mark("first step")
print(json.dumps({name: end - start for (_, start), (name, end) in zip(marks, marks[1:])}))
"""


def start_up(data_dir: Path | None, rounds: int) -> dict[str, Any]:
    """Seconds of each step, and of the whole process."""
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", COLD, str(data_dir or "")], check=True, capture_output=True, text=True
        )
        parts = json.loads(done.stdout.splitlines()[-1])
        for name, seconds in {**parts, "all": time.monotonic() - began}.items():
            found.setdefault(name, []).append(seconds)
    return {f"start-up: {name}": spread(seconds) for name, seconds in found.items()}


def batches(ours: Ours, dataset: ImageDataset, rounds: int) -> dict[str, Any]:
    """One epoch of batches: gathered from the device's tensor, and by a data loader."""
    train = ours.trainer.train
    images = torch.from_numpy(dataset.train.images.copy()).permute(0, 3, 1, 2).float() / 255
    loader = DataLoader(
        TensorDataset(images, torch.from_numpy(dataset.train.labels.copy())), batch_size=train.batch_size, shuffle=True
    )
    ratios = []
    for _ in range(rounds):
        began = time.monotonic()
        for rows in torch.randperm(train.size, device=train.device).split(train.batch_size):
            train.gather(rows)
        if train.device.type == "cuda":
            torch.cuda.synchronize(train.device)
        middle = time.monotonic()
        for images, labels in loader:
            (images.to(train.device), labels.to(train.device))
        ratios.append((time.monotonic() - middle) / (middle - began))
    return spread(ratios)


def evaluation(ours: Ours, dataset: ImageDataset, device: torch.device, rounds: int) -> dict[str, Any]:
    """Images a second of the scoring that reports are made of, after a first time that is left out."""
    score_split(ours.trainer.network, dataset.train, device)
    speeds = []
    for _ in range(rounds):
        began = time.monotonic()
        score_split(ours.trainer.network, dataset.train, device)
        speeds.append(len(dataset.train.labels) / (time.monotonic() - began))
    return spread(speeds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    dataset, settings = load(options.data_dir, "apple,aquarium_fish,baby")
    device = choose_device("auto")
    rows = start_up(options.data_dir, options.rounds)
    for name, row in rows.items():
        print(f"{name:32} {words(row)} s")
    with reproducible(device, 1):
        ours = Ours(experiment_of(settings, "max"), dataset, device)
        rows["batches: data loader / gather"] = batches(ours, dataset, options.rounds)
        rows["evaluation: images a second"] = evaluation(ours, dataset, device, options.rounds)
    print(f"batches: a data loader takes {words(rows['batches: data loader / gather'], 0)} times as long")
    print(f"evaluation: {words(rows['evaluation: images a second'], 0)} images a second")
    save(f"parts-{device.type}", rows, options.out, device=device_name(device))


if __name__ == "__main__":
    main()
