"""A preset over seeds in one process: seconds of training, from the first step to the last, and accuracy on test.

python -m benchmarks.seeds cifar100-75 --data-dir DIR [--seeds 10] [--set training.epochs=18]... [--out F.json]

Left out: imports, reading the data, scoring. `start-up` is network, batches and capture.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.report import against, save, spread, words
from benchmarks.sides import refused_in_words
from engine.architecture import build_architecture
from engine.configuration import merge, nest, parse_assignment
from engine.data import load_dataset, resolve_classes
from engine.experiment import Experiment
from engine.presets import PRESETS, preset
from engine.training.device import choose_device, device_name, reproducible
from engine.training.precision import choose_precision
from engine.training.scoring import score_split
from engine.training.trainer import Trainer

BUDGETS = {"cifar100-75": (10.0, 75.0)}  # seconds of training, % on test


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=list(PRESETS))
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--set", action="append", default=[], dest="changes", metavar="KEY=VALUE")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with refused_in_words():
        changes = nest(dict(parse_assignment(text) for text in options.changes))
        experiment = Experiment.build(merge(preset(options.name), changes))
        device = choose_device(options.device)
        settings = resolve_classes(experiment.dataset, options.data_dir)
        dataset = load_dataset(settings, options.data_dir)
    experiment = Experiment.build({**experiment.to_dict(), "dataset": settings})
    architecture = build_architecture(experiment.model, dataset.image_shape, len(dataset.classes))
    precision = choose_precision(experiment.training.precision, device, architecture.multiply_adds)
    found: dict[str, list[float]] = {"start-up": [], "training": [], "test accuracy": []}
    for seed in range(options.seeds):
        began = time.monotonic()
        with reproducible(device, 1, precision):
            trainer = Trainer(experiment.replace("training.seed", seed), dataset, device, precision=precision)
            why = trainer.prepare()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            found["start-up"].append(time.monotonic() - began)
            for _ in trainer.events():
                pass
        with reproducible(device, 1):
            accuracy = score_split(trainer.scored, dataset.test, device).accuracy
        found["training"].append(trainer.seconds)
        found["test accuracy"].append(100 * accuracy)
        print(
            f"seed {seed}: {trainer.path}{' ' + why if why else ''}, {trainer.seconds:.2f} s, {100 * accuracy:.2f} %",
            flush=True,
        )
    rows: dict[str, Any] = {name: spread(values) for name, values in found.items()}
    rows["settings"] = {key: value for key, value in experiment.to_dict().items() if key != "dataset"}
    accuracies = found["test accuracy"]
    deviation = statistics.stdev(accuracies) if len(accuracies) > 1 else float("nan")
    print(f"{options.name} {' '.join(options.changes)}".rstrip())
    seconds, accuracy = BUDGETS.get(options.name, (None, None))
    asked = f"  budget >= {accuracy:g}" if accuracy else ""
    mean = statistics.mean(accuracies)
    print(f"  test {mean:.2f} ± {deviation:.2f} % (mean and standard deviation), n {len(accuracies)}{asked}")
    print(f"  seconds of training {against(rows['training'], seconds, at_most=True)}")
    print(f"  seconds of start-up {words(rows['start-up'])}", flush=True)
    save(f"seeds-{options.name}", rows, options.out, device=device_name(device))


if __name__ == "__main__":
    main()
