"""What watching costs: bytes to a 120x36 terminal and processor time, at five epochs a second, and idle.

The training is played by a process that owns a run and writes as a lane does, at the pace of a lane: what is
measured is the screen, whatever the machine trains at.

python -m benchmarks.watch [--seconds N] [--rounds N] [--size 120x36] [--out F.json]
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import describe, write
from benchmarks.terminal import Terminal
from engine.experiment import Experiment
from engine.store import RunStore

EPOCHS, EPOCHS_PER_SECOND, STEPS = 500, 5.0, 11
BUDGETS = {"watching B/s": 1126.0, "watching CPU %": 6.0, "idle CPU %": 1.0}


def epoch_record(epoch: int, noise: random.Random) -> dict[str, Any]:
    """An epoch such as the laboratory's network has on three classes of CIFAR-100."""
    part = epoch / EPOCHS

    def split(gap: float) -> dict[str, Any]:
        loss = 0.25 + gap + 0.85 * math.exp(-3 * part) + noise.gauss(0, 0.012)
        accuracy = min(1.0, 0.94 - gap - 0.5 * math.exp(-5 * part) + noise.gauss(0, 0.012))
        return {
            "loss": {"mean": loss, "p25": loss - 0.05, "p75": loss + 0.06},
            "accuracy": {"mean": accuracy, "p25": accuracy - 0.03, "p75": accuracy + 0.03},
        }

    return {
        "event": "epoch",
        "epoch": epoch,
        "seconds": 0.2,
        "lr": 0.005,
        "train": split(0.0),
        "validation": split(0.1),
    }


def play(root: Path, begin_at: int) -> None:
    """Be a lane: history twice a second, progress four times, until killed."""
    store, noise = RunStore(root), random.Random(0)
    settings = {"dataset": {"classes": ["0", "1", "2"]}, "training": {"epochs": EPOCHS}}
    experiment = Experiment.build(settings)
    run = store.create(experiment.to_dict(), fingerprint=experiment.fingerprint, name="watched")
    with run.own() as owner:
        owner.update(state="training", images={"train": 1350, "validation": 150, "test": 300})
        owner.append_history([epoch_record(epoch, noise) for epoch in range(1, begin_at + 1)])
        print("ready", flush=True)
        began, written, looks = time.monotonic(), begin_at, 0
        while True:
            time.sleep(max(0.0, began + 0.25 * looks - time.monotonic()))
            done = begin_at + EPOCHS_PER_SECOND * (time.monotonic() - began)
            epoch, seconds = min(EPOCHS, int(done)), done / EPOCHS_PER_SECOND
            if looks % 2 == 0 and epoch > written:
                owner.append_history([epoch_record(number, noise) for number in range(written + 1, epoch + 1)])
                written = epoch
            telemetry = {"cpu_percent": 98 + noise.random(), "rss_bytes": 430_000_000 + looks * 4096, "gpu": None}
            owner.write_progress(
                {"heartbeat": looks, "epoch": min(EPOCHS, epoch + 1), "epochs": EPOCHS, "step": int(done % 1 * STEPS),
                 "steps_per_epoch": STEPS, "loss": 0.5 + 0.01 * noise.random(), "accuracy": 0.8, "seconds": seconds,
                 "images_per_second": 6700.0 + 20 * noise.random(),
                 "eta_seconds": (EPOCHS - done) / EPOCHS_PER_SECOND, "telemetry": telemetry}
            )  # fmt: skip
            looks += 1


def watch(root: Path, seconds: float, size: tuple[int, int], colours: str, begin_at: int) -> dict[str, float]:
    """One terminal that watches, and then one that has nothing to watch."""
    words = [sys.executable, "-m", "benchmarks.watch", "--play", str(root), "--begin-at", str(begin_at)]
    lane = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert lane.stdout is not None
    lane.stdout.readline()
    found: dict[str, float] = {}
    try:
        for name in ("watching", "idle"):
            command = [str(Path(sys.executable).with_name("cnnlab-tui")), "--runs", str(root)]
            terminal = Terminal(command, size, colours)
            try:
                terminal.wait_for("watched")
                terminal.press("3")
                terminal.wait_for("as seen")
                terminal.read_for(2.0)
                cost = terminal.measure(seconds)
            finally:
                terminal.close()
            found |= {f"{name} B/s": cost.bytes_per_second, f"{name} CPU %": cost.cpu_percent}
            found[f"{name} RSS MB"] = cost.rss_bytes / 1e6
            lane.kill()
            lane.wait()
    finally:
        lane.kill()
        lane.wait()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", default="120x36")
    parser.add_argument("--colours", default="256", choices=("256", "truecolor"))
    parser.add_argument("--begin-at", type=int, default=100)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--play", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.play:
        play(options.play, options.begin_at)
    columns, _, lines = options.size.partition("x")
    rounds: list[dict[str, float]] = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            size = int(columns), int(lines)
            rounds.append(watch(Path(folder), options.seconds, size, options.colours, options.begin_at))
    rows = {}
    for name in rounds[0]:
        values = [found[name] for found in rounds]
        budget = BUDGETS.get(name)
        median = statistics.median(values)
        rows[name] = {"median": median, "low": min(values), "high": max(values), "n": len(values), "budget": budget}
        beside = "" if budget is None else f"   budget {budget:,.0f}" + ("" if median <= budget else "  OVER")
        print(f"{name:16} {median:10,.1f}  [{min(values):,.1f} {max(values):,.1f}]  n {len(values)}{beside}")
    settings = {"size": options.size, "colours": options.colours, "seconds": options.seconds, "n": options.rounds}
    write({"benchmark": "watch", **describe(), **settings, "rows": rows}, options.out)


if __name__ == "__main__":
    main()
