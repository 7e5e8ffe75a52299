"""What an image costs as images grow: time of an epoch, and memory; beyond what the device has, the refusal.

python -m benchmarks.images [--device D] [--most N] [--out F.json]

Random images of 32×32 pixels in ten classes, the laboratory network with max pooling, batches of 512, no validation.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.preset import random_dataset
from benchmarks.report import save
from benchmarks.sides import refused_in_words
from engine.architecture import build_architecture
from engine.data.dataset import Split
from engine.errors import TrainingError
from engine.execution.memory import check_memory, estimate_demand
from engine.experiment import Experiment
from engine.training.device import choose_device, device_name, reproducible
from engine.training.precision import EXACT
from engine.training.trainer import Trainer

CLASSES = 10
EPOCHS = {"cpu": 1, "cuda": 3}
_MIB = 1 << 20


def memory_used(device: torch.device) -> float:
    """MiB at the highest, of a GPU or of this process."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device)) / _MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(experiment: Experiment, count: int, device: torch.device) -> dict[str, Any]:
    """Of a training on so many images: microseconds an image and epoch, seconds of preparation, MiB."""
    dataset = random_dataset(count, CLASSES)
    epochs = EPOCHS[device.type]
    if device.type == "cuda":
        torch.zeros(1, device=device)  # there are no statistics before there is a context
        torch.cuda.reset_peak_memory_stats(device)
    with reproducible(device, 1):
        began = time.monotonic()
        trainer = Trainer(experiment.replace("training.epochs", epochs), dataset, device)
        trainer.prepare()
        prepared = time.monotonic() - began
        for _ in trainer.events():
            pass
    microseconds = 1e6 * trainer.seconds / epochs / count
    return {"images": count, "us_per_image": microseconds, "preparation_s": prepared, "mib": memory_used(device)}


def refusal(experiment: Experiment, device: torch.device) -> str | None:
    """What is said of more images than the device can hold; None where nothing is refused."""
    count, few, one = 64, random_dataset(64, CLASSES), np.zeros((1, 32, 32, 3), np.uint8)
    architecture = build_architecture(experiment.model, (32, 32, 3), CLASSES)
    while count < 1 << 31:
        labels = np.broadcast_to(np.zeros(1, np.int64), (count,))  # of no size in memory, however many
        many = Split(np.broadcast_to(one, (count, 32, 32, 3)), labels)
        whole = replace(few, train=many)
        try:
            check_memory(device, estimate_demand(architecture, whole, experiment, device, EXACT))
        except TrainingError as error:
            return f"{count:,} images: {error.message}"
        count *= 2
    return None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--most", type=int, help="images  [default: 16,000; on a GPU 1,024,000]")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with refused_in_words():
        device = choose_device(options.device)
    on_gpu = device.type == "cuda"
    most = options.most or (1_024_000 if on_gpu else 16_000)
    training = {"batch_size": 512, "threads": 1}
    experiment = Experiment.build(
        {"dataset": {"name": "cifar10", "validation": 0}, "model": {"pooling": "max"}, "training": training}
    )
    found, count = [], 1_000
    while count <= most:
        found.append(row := measure(experiment, count, device))
        print(
            f"{count:9,} images  {row['us_per_image']:8.3f} µs an image and epoch  "
            f"prepared in {row['preparation_s']:.2f} s  {row['mib']:,.0f} MiB",
            flush=True,
        )
        count *= 4
    rows: dict[str, Any] = {"images": found, "refusal": refusal(experiment, device)}
    print(rows["refusal"] or f"{device.type}: nothing is refused for its size before it starts")
    save("images", rows, options.out, device=device_name(device) if on_gpu else None)


if __name__ == "__main__":
    main()
