"""Whether watching slows a training: its speed with the app attached and drawing, against nobody watching.

One long training of a worker; `cnnlab-tui` on a 120x36 terminal draws its curves for some seconds, then nobody does,
and so on, the order turned round from pair to pair. Speed is steps by seconds of training, from progress.json.

python -m benchmarks.attached [--pairs N] [--seconds N] [--out F.json]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import describe, write
from benchmarks.terminal import Terminal
from benchmarks.worker import detach, end_worker, wait_for_end
from engine.store import Run, RunStore

BUDGET = 0.97
EPOCHS = 100_000


def position(run: Run) -> tuple[int, float]:
    """Steps done and seconds of training, as the lane last told them; waits until it has told them anew."""
    before = run.reload().progress()
    while (now := run.reload().progress()) is None or now == before:
        time.sleep(0.01)
    return (now["epoch"] - 1) * now["steps_per_epoch"] + now["step"], now["seconds"]


def steps_per_second(run: Run, seconds: float, terminal: Terminal | None) -> float:
    """The speed of the training from now on."""
    steps, began = position(run)
    if terminal is None:
        time.sleep(seconds)
    else:
        terminal.read_for(seconds)
    steps_after, ended = position(run)
    return (steps_after - steps) / (ended - began)


def attached(run: Run, seconds: float) -> tuple[float, float]:
    """The speed while the app draws the run's curves, and the app's share of a core in percent."""
    terminal = Terminal([str(Path(sys.executable).with_name("cnnlab-tui")), "--runs", str(run.path.parent)])
    try:
        terminal.wait_for(run.name[:12])
        terminal.press("3")
        terminal.wait_for("as seen")
        terminal.read_for(1.0)
        before, began = terminal.cpu_seconds(), time.monotonic()
        speed = steps_per_second(run, seconds, terminal)
        return speed, 100 * (terminal.cpu_seconds() - before) / (time.monotonic() - began)
    finally:
        terminal.close()


def measure(run: Run, pairs: int, seconds: float) -> list[dict[str, float]]:
    """The speeds of each pair, and what the screen took."""
    rows = []
    for number in range(pairs):
        found: dict[str, float] = {}
        for who in ("headless", "attached") if number % 2 == 0 else ("attached", "headless"):
            if who == "headless":
                found[who] = steps_per_second(run, seconds, None)
            else:
                found[who], found["screen CPU %"] = attached(run, seconds)
        rows.append(found)
        words = f"{found['attached']:.0f} of {found['headless']:.0f} steps/s"
        print(f"pair {number + 1}: {found['attached'] / found['headless']:.3f}   {words}", file=sys.stderr)
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder) / "runs")
        run = detach(store, EPOCHS)
        while not run.history().records:
            time.sleep(0.1)
        rows = measure(run, options.pairs, options.seconds)
        run.request("stop")
        wait_for_end(run)
        end_worker(store)
    ratios = [row["attached"] / row["headless"] for row in rows]
    median, low, high = statistics.median(ratios), min(ratios), max(ratios)
    below = "" if median >= BUDGET else "  BELOW"
    print(f"attached / headless {median:.3f}  [{low:.3f} {high:.3f}]  n {len(ratios)}   budget {BUDGET}{below}")
    print(f"screen meanwhile    {statistics.median(row['screen CPU %'] for row in rows):.1f} % of a core")
    row: dict[str, Any] = {"median": median, "low": low, "high": high, "n": len(ratios), "budget": BUDGET}
    document = {"benchmark": "attached", **describe(), "seconds": options.seconds, "pairs": rows}
    write({**document, "rows": {"attached / headless": row}}, options.out)


if __name__ == "__main__":
    main()
