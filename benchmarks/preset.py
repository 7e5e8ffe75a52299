"""Images a second of a preset's training step on this CPU, as a fraction of its matmul rate; and what a GPU would need.

    python -m benchmarks.preset cifar100-75 --steps 2

Images are random: the work does not depend on them. Projected is arithmetic, not a measurement: the training's
multiply-adds over the rate that `--gpu-tflops` says a GPU sustains on them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import numpy as np
import torch

from engine.architecture import build_architecture
from engine.data.dataset import ImageDataset, Split
from engine.events import StepProgress
from engine.experiment import Experiment
from engine.presets import PRESETS, preset
from engine.training.device import device_name, reproducible
from engine.training.trainer import Trainer

_TRAIN_IMAGES = {"cifar10": 50_000, "cifar100": 50_000}
_PASSES = 3  # forward, and backward to the images and to the weights


def main() -> None:
    """Measure, and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=list(PRESETS))
    parser.add_argument("--steps", type=int, default=3, help="steps that are timed, after one that is not")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--gpu-tflops", type=float, default=250.0, help="what a GPU is taken to sustain, dense bf16")
    options = parser.parse_args()
    document = measure(options.name, options.steps, options.threads, options.classes, options.gpu_tflops)
    print(json.dumps(document, indent=2))


def measure(name: str, steps: int, threads: int, classes: int, gpu_tflops: float) -> dict[str, object]:
    """The document: rates in images and floating-point operations a second, times in seconds."""
    experiment = Experiment.build(preset(name))
    batch = experiment.training.batch_size
    architecture = build_architecture(experiment.model, (32, 32, 3), classes)
    with reproducible(torch.device("cpu"), threads):
        matmul = matmul_flops()
        seconds = time_steps(experiment, (steps + 1) * batch, classes)[1:]
    per_image = 2 * _PASSES * architecture.multiply_adds
    rate = batch / statistics.median(seconds)
    images = _TRAIN_IMAGES.get(experiment.dataset.name, 1_500)
    total = per_image * images * experiment.training.epochs
    return {
        "preset": name,
        "device": device_name(torch.device("cpu")),
        "torch": torch.__version__,
        "threads": threads,
        "batch_size": batch,
        "steps": len(seconds),
        "multiply_adds": architecture.multiply_adds,
        "images_per_second": rate,
        "gflops": rate * per_image / 1e9,
        "matmul_gflops": matmul / 1e9,
        "fraction_of_matmul": rate * per_image / matmul,
        "epoch_seconds": images / rate,
        "training_pflop": total / 1e15,
        "projected": {"gpu_tflops": gpu_tflops, "training_seconds": total / (gpu_tflops * 1e12)},
    }


def matmul_flops(size: int = 1024, repeats: int = 20) -> float:
    """Floating-point operations a second of a float32 matrix product, the best of several."""
    a, b = torch.ones(size, size), torch.ones(size, size)
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        torch.mm(a, b)
        times.append(time.perf_counter() - began)
    return 2 * size**3 / min(times)


def time_steps(experiment: Experiment, images: int, classes: int) -> list[float]:
    """Seconds of each whole step of one epoch over so many random images, augmentation and averages included."""
    dataset = random_dataset(images, classes)
    one_epoch = experiment.replace("training.epochs", 1).replace("training.precision", "exact")
    trainer = Trainer(one_epoch, dataset, torch.device("cpu"))
    trainer.prepare()
    times, before = [], time.perf_counter()
    for event in trainer.events():
        if isinstance(event, StepProgress):  # a step takes longer than a chunk: one event each
            now = time.perf_counter()
            times.append(now - before)
            before = now
    return times


def random_dataset(images: int, classes: int) -> ImageDataset:
    """Images of 32×32 pixels that are noise, all of them for training."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (images, 32, 32, 3), dtype=np.uint8)
    split = Split(pixels, random.integers(0, classes, images))
    nothing = split.take(np.zeros(0, dtype=np.int64))
    mean = np.full(3, 0.5, dtype=np.float32)
    return ImageDataset("random", tuple(map(str, range(classes))), split, nothing, nothing, mean, mean / 2, "", "last")


if __name__ == "__main__":
    main()
