"""Where the time of a captured step goes on a GPU: the kernels of one replay, by name, and what the host pays for it.

python -m benchmarks.kernels [--data-dir DIR] [--preset P] [--precision exact|fast] [--top N] [--out F.json]

Without a preset: the laboratory network with each tactic. With one: random images in the number that it is for.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.preset import random_dataset
from benchmarks.report import save
from benchmarks.sides import experiment_of, load, the_gpu
from engine.architecture import build_architecture
from engine.data import ImageDataset
from engine.experiment import Experiment
from engine.presets import PRESETS, preset
from engine.training.device import device_name, reproducible
from engine.training.precision import choose_precision
from engine.training.trainer import Trainer

REPLAYS = 200


def replay(work: Callable[[], None], back: Callable[[], object], most: int) -> tuple[float, float]:
    """Microseconds a call on the device, back to back; and of the host, which does not wait.

    Args:
        back: to where `work` began.
        most: calls from there on.
    """
    times = []
    for _ in range(2):  # the first time does not count
        torch.cuda.synchronize()
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        began = time.perf_counter()
        for number in range(REPLAYS):
            if number % most == 0:
                back()
            work()
        host = time.perf_counter() - began
        end.record()
        torch.cuda.synchronize()
        times = [1e3 * start.elapsed_time(end) / REPLAYS, 1e6 * host / REPLAYS]
    return times[0], times[1]


def kernels(work: Callable[[], None]) -> list[tuple[str, int, float]]:
    """Name, number and microseconds of the kernels of one call, the dearest first."""
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CUDA], acc_events=True) as found:
        work()
        torch.cuda.synchronize()
    count: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    for event in found.events() or []:
        if event.device_type == torch.autograd.DeviceType.CUDA:
            count[event.name] += 1
            spent[event.name] += event.time_range.elapsed_us()
    return [(name, count[name], float(time)) for name, time in spent.most_common()]


def look(trainer: Trainer, top: int) -> dict[str, Any]:
    """Of a step and of the end of an epoch: microseconds, number of kernels, and the dearest of them."""
    rows: dict[str, Any] = {}
    trainer._run_steps(1)
    counters = trainer._position.counters
    trainer._position.place(0, 0, 0)
    first = counters.clone()
    for name, work in (("step", trainer._full), ("end of epoch", trainer._finish)):
        most = max(1, trainer.steps_per_epoch - 1) if name == "step" else REPLAYS
        device, host = replay(work, lambda: counters.copy_(first), most)
        counters.copy_(first)
        found = kernels(work)
        number, busy = sum(count for _, count, _ in found), sum(spent for _, _, spent in found)
        rows[name] = {"microseconds": device, "host_microseconds": host, "kernels": number, "busy": busy, "top": found}
        print(f"  {name}: {device:.1f} µs, host {host:.1f}; {number} kernels that take {busy:.1f}", flush=True)
        for kernel, count, spent in found[:top]:
            print(f"    {spent:8.1f} µs {count:3} × {kernel[:110]}")
    return rows


def measure(experiment: Experiment, dataset: ImageDataset, device: torch.device, precision: str, top: int) -> Any:
    """Capture, and look."""
    architecture = build_architecture(experiment.model, dataset.image_shape, len(dataset.classes))
    chosen = choose_precision(precision, device, architecture.multiply_adds)
    with reproducible(device, 1, chosen):
        trainer = Trainer(experiment, dataset, device, precision=chosen)
        began = time.monotonic()
        why = trainer.prepare()
        torch.cuda.synchronize()
        print(f"  captured in {time.monotonic() - began:.2f} s: {trainer.path} {why or ''}", flush=True)
        return look(trainer, top)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--preset", choices=list(PRESETS))
    parser.add_argument("--precision", choices=("exact", "fast"), default="exact")
    parser.add_argument("--top", type=int, default=12)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    device = the_gpu()
    rows: dict[str, Any] = {}
    if options.preset:
        experiment = Experiment.build(preset(options.preset))
        classes = 10 if experiment.dataset.name == "cifar10" else 100
        cases = {options.preset: (experiment, random_dataset(50_000, classes))}
    else:
        dataset, settings = load(options.data_dir, "apple,aquarium_fish,baby")
        cases = {pooling: (experiment_of(settings, pooling), dataset) for pooling in ("stride", "max", "avg")}
    for name, (experiment, dataset) in cases.items():
        print(f"{name}, {options.precision}:", flush=True)
        rows[name] = measure(experiment, dataset, device, options.precision, options.top)
    save("kernels", rows, options.out, device=device_name(device))


if __name__ == "__main__":
    main()
