"""Fast against exact over seeds, for the three tactics: accuracy on test, each seed with itself, and seconds.

python -m benchmarks.precisions [--data-dir DIR] [--device D] [--seeds N] [--epochs N] [--out F.json]

The difference has its 95 % interval and p of a paired t test; seconds are those of training alone.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from benchmarks.report import save, spread, words
from benchmarks.sides import experiment_of, load, refused_in_words
from engine.architecture import build_architecture
from engine.data import ImageDataset
from engine.experiment import Experiment
from engine.format import interval, p_value, percent, points
from engine.statistics import PairedDifference, paired_t
from engine.training.device import choose_device, device_name, reproducible
from engine.training.precision import EXACT, Precision, choose_precision
from engine.training.scoring import score_split
from engine.training.trainer import Trainer

POOLINGS = ("stride", "max", "avg")


def train(
    experiment: Experiment, dataset: ImageDataset, device: torch.device, precision: Precision
) -> tuple[float, float]:
    """Accuracy on test, in [0, 1], of the selected epoch's weights, and seconds."""
    with reproducible(device, 1, precision):
        trainer = Trainer(experiment, dataset, device, precision=precision)
        trainer.prepare()
        for _ in trainer.events():
            pass
    trainer.scored.load_state_dict(trainer.selection.state_dict())
    with reproducible(device, 1):
        return score_split(trainer.scored, dataset.test, device).accuracy, trainer.seconds


def difference_words(difference: PairedDifference) -> str:
    """`-0.1 [-1.1, +0.9] points, p .81, n 4`, of a difference of fractions."""
    bounds = interval(difference.low, difference.high, signed=True)
    return f"{points(difference.mean)} {bounds} points, p {p_value(difference.p)}, n {difference.n}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with refused_in_words():
        device = choose_device(options.device)
    dataset, settings = load(options.data_dir, "apple,aquarium_fish,baby")
    rows: dict[str, Any] = {"epochs": options.epochs, "test images": len(dataset.test.labels)}
    for pooling in POOLINGS:
        experiment = experiment_of(settings, pooling).replace("training.epochs", options.epochs)
        adds = build_architecture(experiment.model, dataset.image_shape, len(dataset.classes)).multiply_adds
        fast = choose_precision("fast", device, adds)
        if fast.exact:
            sys.exit(f"precision fast changes nothing for this network on this {device.type}: it trains in {fast.name}")
        seeds = [experiment.replace("training.seed", seed) for seed in range(options.seeds)]
        sides = {p.name: [train(seed, dataset, device, p) for seed in seeds] for p in (EXACT, fast)}
        accuracies = {name: [accuracy for accuracy, _ in found] for name, found in sides.items()}
        difference = paired_t([b - a for a, b in zip(*accuracies.values(), strict=True)])
        rows[pooling] = {
            name: {"accuracy": accuracies[name], "seconds": spread([s for _, s in found])}
            for name, found in sides.items()
        }
        rows[pooling]["difference"] = asdict(difference)
        for name, values in accuracies.items():
            mean, deviation = statistics.mean(values), statistics.stdev(values) if len(values) > 1 else float("nan")
            seconds = words(rows[pooling][name]["seconds"])
            print(f"{pooling:6} {name:9} {percent(mean)} ± {percent(deviation)} %   s {seconds}")
        print(f"{pooling:6} {fast.name} - {EXACT.name}: {difference_words(difference)}", flush=True)
    save("precisions", rows, options.out, device=device_name(device) if device.type == "cuda" else None)


if __name__ == "__main__":
    main()
