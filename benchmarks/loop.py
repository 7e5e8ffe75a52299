"""Images a second of this engine's loop and of the notebook's, a slice of each in turn, at equal threads.

python -m benchmarks.loop [--data-dir DIR] [--classes A,B,C] [--rounds N] [--threads 1,2] [--fast] [--out F.json]

By the clock, and for one thread also by processor time, which other work on the machine takes less part in.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from benchmarks.report import against, save, spread, words
from benchmarks.sides import Ours, Theirs, experiment_of, in_turn, load
from engine.training.device import reproducible
from engine.training.precision import EXACT, Precision

# the notebook's loop at as many threads; fast is asked of one thread, on a processor with AMX
BUDGETS = {1: {"stride": 1.4, "max": 1.15, "avg": 1.15}, 2: {"stride": 1.5, "max": 1.3, "avg": 1.3}}
FAST_BUDGETS = {1: dict.fromkeys(("stride", "max", "avg"), 1.9)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--classes", default="apple,aquarium_fish,baby")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--fast", action="store_true", help="bfloat16, whatever the processor makes of it")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    dataset, settings = load(options.data_dir, options.classes)
    device = torch.device("cpu")
    precision = Precision(exact=False, dtype=torch.bfloat16) if options.fast else EXACT
    rows: dict[str, Any] = {}
    for threads in map(int, options.threads.split(",")):
        for pooling in ("stride", "max", "avg"):
            experiment = experiment_of(settings, pooling, threads)
            with reproducible(device, threads, precision):
                ours, theirs = Ours(experiment, dataset, device, precision), Theirs(experiment, dataset, device)
                pairs = [in_turn(theirs, ours, number) for number in range(options.rounds)]
            row = {
                "ratio": spread([mine.wall / other.wall for other, mine in pairs]),
                "notebook_images_per_second": spread([other.wall for other, _ in pairs]),
                "cnnlab_images_per_second": spread([mine.wall for _, mine in pairs]),
            }
            budget = (FAST_BUDGETS if options.fast else BUDGETS).get(threads, {}).get(pooling)
            line = f"{threads} thread(s)  {pooling:6}  ratio {against(row['ratio'], budget)}"
            if threads == 1:
                row["ratio_of_processor_time"] = spread([mine.cpu / other.cpu for other, mine in pairs])
                line += f"  of processor time {words(row['ratio_of_processor_time'])}"
            rows[f"{threads} {pooling}"] = row
            print(f"{line}  cnnlab {row['cnnlab_images_per_second']['median']:,.0f} img/s", flush=True)
    save("loop-fast" if options.fast else "loop", rows, options.out)


if __name__ == "__main__":
    main()
