"""A step against what the device can do: products of matrices, memory bandwidth and, on a GPU, empty launches.

python -m benchmarks.floor [--data-dir DIR] [--device D] [--out F.json]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.report import save, spread, words
from benchmarks.sides import Ours, experiment_of, load, refused_in_words
from engine.architecture import build_architecture
from engine.training.device import choose_device, device_name, reproducible

ROUNDS = 7
REPEATS = 3
LAUNCHES = 40  # kernels of a step of the laboratory network, about


def seconds(work: Callable[[], object], device: torch.device, calls: int) -> float:
    """Median seconds a call."""
    found = []
    for _ in range(REPEATS):
        _wait(device)
        began = time.monotonic()
        for _ in range(calls):
            work()
        _wait(device)
        found.append((time.monotonic() - began) / calls)
    return statistics.median(found)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def matrix_rate(device: torch.device) -> float:
    """Multiply-adds a second of large float32 products."""
    size = 8192 if device.type == "cuda" else 1024
    a, b = torch.randn(size, size, device=device), torch.randn(size, size, device=device)
    return size**3 / seconds(lambda: torch.mm(a, b), device, 10)


def bandwidth(device: torch.device) -> float:
    """Gigabytes a second read and written by a copy."""
    size = (1 << 28) if device.type == "cuda" else (1 << 24)
    a, b = torch.zeros(size, device=device), torch.zeros(size, device=device)
    return 8e-9 * size / seconds(lambda: b.copy_(a), device, 5)


def launches(device: torch.device) -> float:
    """Seconds of a CUDA graph of so many kernels that do nothing worth the name, one after another."""
    value = torch.zeros(1, device=device)
    graph = torch.cuda.CUDAGraph()
    value.add_(1)
    torch.cuda.synchronize(device)
    with torch.cuda.graph(graph):
        for _ in range(LAUNCHES):
            value.add_(1)
    return seconds(graph.replay, device, 200)


def shares(ours: Ours, work: int, device: torch.device) -> dict[str, list[float]]:
    """The training and the floors in turn: multiply-adds a second by those of matrices; a step by empty launches.

    Args:
        work: multiply-adds of a training step for one image.
    """
    found: dict[str, list[float]] = {"images a second": [], "step / matrix rate": [], "matrix GFLOP/s": []}
    for _ in range(ROUNDS):
        rate, speed = matrix_rate(device), ours.slice().wall
        found["matrix GFLOP/s"].append(2e-9 * rate)
        found["images a second"].append(speed)
        found["step / matrix rate"].append(speed * work / rate)
        if device.type == "cuda":
            step = ours.trainer.train.batch_size / speed
            found.setdefault(f"step / {LAUNCHES} empty launches", []).append(step / launches(device))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with refused_in_words():
        device = choose_device(options.device)
    dataset, settings = load(options.data_dir, "apple,aquarium_fish,baby")
    rows: dict[str, Any] = {}
    with reproducible(device, 1):
        rows["copies GB/s"] = spread([bandwidth(device) for _ in range(ROUNDS)])
        for pooling in ("stride", "max", "avg"):
            experiment = experiment_of(settings, pooling)
            architecture = build_architecture(experiment.model, dataset.image_shape, len(dataset.classes))
            ours = Ours(experiment, dataset, device)
            # forward, and backward twice that but for the images of the first layer
            first = architecture.summary()[0].multiply_adds or architecture.summary()[1].multiply_adds
            work = 3 * architecture.multiply_adds - first
            rows[pooling] = {name: spread(values) for name, values in shares(ours, work, device).items()}
            line = ", ".join(f"{name} {words(row)}" for name, row in rows[pooling].items() if "/" in name)
            print(f"{pooling:6} {line}", flush=True)
    print(f"copies GB/s {words(rows['copies GB/s'], 1)}")
    save(f"floor-{device.type}", rows, options.out, device=device_name(device))


if __name__ == "__main__":
    main()
