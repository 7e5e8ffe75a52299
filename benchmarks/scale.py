"""What grows: 10,000 runs, epochs of a history, classes of a report; seconds, and seconds for each one more.

python -m benchmarks.scale [--runs N] [--rounds N] [--out F.json]
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.folder import fill
from benchmarks.report import against, save, spread, words
from engine.cli.main import run as cnnlab
from engine.evaluation import make_report
from engine.filters import parse_filter, sort_runs
from engine.store import RunStore
from engine.store.columns import Columns
from engine.store.history import encode_history, parse_history
from tui.chart.picture import Picture
from tui.chart.state import Looking
from tui.chart.views import Subject, Views

COMPARED = 1000
BUDGETS = {"runs --json": 1.0, "compare 1000 --csv": 1.0}  # seconds, of 10,000 runs


def timed(work: Callable[[], object], rounds: int) -> dict[str, Any]:
    """Processor seconds: these are folds over files in memory, and other work on the machine must not count."""
    seconds = []
    for _ in range(rounds):
        gc.collect()
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return spread(seconds)


def command(*arguments: str) -> None:
    """A command of `cnnlab` in this process: without its start-up."""
    with contextlib.redirect_stdout(io.StringIO()):
        code = cnnlab(list(arguments))
    if code:
        raise SystemExit(f"{arguments[0]} failed with {code}")


MEMORY = """
import sys
from pathlib import Path
from engine.store import RunStore
def resident(): return int(Path("/proc/self/statm").read_text().split()[1])
before, runs = resident(), None
runs = RunStore(sys.argv[1]).runs()
print((resident() - before) / len(runs))
"""


def bytes_a_run(folder: Path) -> float:
    """Memory that a listing takes, by a process of its own: this one has freed room to use again."""
    done = subprocess.run([sys.executable, "-c", MEMORY, str(folder)], check=True, capture_output=True, text=True)
    return float(done.stdout) * os.sysconf("SC_PAGE_SIZE")


def runs_rows(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Listing, filtering, sorting, refreshing; as JSON; comparing a thousand."""
    fill(folder / "runs", count, epochs=0)
    fill(folder / "compared", COMPARED, epochs=0, predictions=True, comparable=True)
    store = RunStore(folder / "runs")
    runs = store.runs()
    test = parse_filter("pooling:max test>0.8")
    ids = [run.id for run in RunStore(folder / "compared").runs()]
    works: dict[str, Callable[[], object]] = {
        "list": lambda: RunStore(folder / "runs").runs(),
        "newest 100": lambda: list(islice(store.iter_runs(), 100)),
        "refresh": lambda: store.refresh(runs),
        "filter": lambda: [run for run in runs if test(run)],
        "sort": lambda: sort_runs(runs, "test"),
        "runs --json": lambda: command("runs", "--json", "--runs", str(folder / "runs")),
        f"compare {COMPARED} --csv": lambda: command("compare", "--csv", "--runs", str(folder / "compared"), *ids),
    }
    rows: dict[str, Any] = {f"{count} runs: {name}": timed(work, rounds) for name, work in works.items()}
    return rows | {f"{count} runs: bytes a run": spread([bytes_a_run(folder / "runs") for _ in range(rounds)])}


def history_rows(rounds: int) -> dict[str, Any]:
    """Parsing the lines of a long training."""
    band = {"mean": 0.5123456789012345, "p25": 0.4123456789012345, "p75": 0.6123456789012345}
    split = {"loss": band, "accuracy": band}
    rows = {}
    for epochs in (100, 1_000, 10_000):
        common = {"event": "epoch", "seconds": 0.123456, "lr": 0.005, "train": split, "validation": split}
        data = encode_history([{**common, "epoch": epoch} for epoch in range(1, epochs + 1)])
        rows[f"history of {epochs} epochs"] = timed(lambda data=data: parse_history(data), rounds)  # type: ignore[misc]
    return rows


def chart_rows(rounds: int) -> dict[str, Any]:
    """Both charts of a long training at 58×30 cells, with bands: all of it, and one epoch more."""
    rows = {}
    for epochs in (100, 1_000, 10_000):
        records = [_epoch(number) for number in range(1, epochs + 2)]

        def draw(epochs: int = epochs, records: list[dict[str, Any]] = records) -> tuple[float, float]:
            columns, views, looking = Columns(records[:-1]), Views(has_braille=True), Looking()
            pictures = {measure: Picture() for measure in ("loss", "accuracy")}

            def look() -> float:
                began = time.process_time()
                for measure, picture in pictures.items():
                    subject = Subject(columns, epochs + 1, float(epochs), columns.best, has_band=True)
                    picture.draw(views.view(subject, looking, measure), 58, 30)
                return time.process_time() - began

            first = look()
            columns.append(records[-1])
            return first, look()

        found = [draw() for _ in range(rounds)]
        for name, column in (("whole", 0), ("one more", 1)):
            rows[f"charts of {epochs} epochs: {name}"] = spread([pair[column] for pair in found])
    return rows


def _epoch(number: int) -> dict[str, Any]:
    """An epoch of a training that converges, with some noise."""
    noise = 0.1 * np.sin(number * 12.9898)
    loss, accuracy = 1 / (1 + number / 50) + noise, 1 - 0.5 / (1 + number / 50) + noise / 10
    split = {
        name: {"mean": value, "p25": value - 0.05, "p75": value + 0.05}
        for name, value in (("loss", loss), ("accuracy", accuracy))
    }
    return {"event": "epoch", "epoch": number, "seconds": 1.0, "lr": 0.005, "train": split, "validation": split}


def class_rows(rounds: int) -> dict[str, Any]:
    """A report of ten images a class."""
    chance = np.random.default_rng(0)
    rows = {}
    for count in (10, 100, 1_000):
        labels = np.repeat(np.arange(count), 10)
        guesses = np.where(chance.random(len(labels)) < 0.7, labels, chance.integers(0, count, len(labels)))
        names = [f"class {number}" for number in range(count)]
        work = lambda labels=labels, guesses=guesses, names=names: make_report(labels, guesses, names)  # noqa: E731
        rows[f"report of {count} classes"] = timed(work, rounds)  # type: ignore[arg-type]
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in (options.runs // 10, options.runs):
            rows |= runs_rows(Path(folder) / str(count), count, options.rounds)
    rows |= history_rows(options.rounds) | chart_rows(options.rounds) | class_rows(options.rounds)
    for name, row in rows.items():
        if name.endswith("bytes a run"):
            shown = words(row, 0)
        else:
            budget = BUDGETS.get(name.partition(": ")[2]) if name.startswith("10000 runs") else None
            shown = f"s {against(row, budget, at_most=True) if budget else words(row, 4)}"
        print(f"{name:34} {shown}")
    save("scale", rows, options.out)


if __name__ == "__main__":
    main()
