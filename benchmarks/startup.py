"""Wall time of commands against an empty Python, in turn: `cnnlab --help`, and `cnnlab runs` with 100 runs.

python -m benchmarks.startup [--runs N] [--rounds N] [--out F.json]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.folder import fill
from benchmarks.report import describe, write


def wall(command: list[str]) -> float:
    """Seconds from start to end of one process."""
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    cnnlab = [str(Path(sys.executable).with_name("cnnlab"))]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "runs", options.runs)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "cnnlab --help": [*cnnlab, "--help"],
            f"cnnlab runs ({options.runs})": [*cnnlab, "runs", "--runs", f"{folder}/runs"],
            f"cnnlab runs --json ({options.runs})": [*cnnlab, "runs", "--json", "--runs", f"{folder}/runs"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                times[name].append(wall(command))
    base = statistics.median(times["python -c pass"])
    for name, seconds in times.items():
        median = statistics.median(seconds)
        rows.append({"command": name, "seconds": median, "ratio": median / base, "n": options.rounds})
        print(f"{name:28} {1000 * median:7.0f} ms   {median / base:5.1f} x   n {options.rounds}")
    write({"benchmark": "startup", **describe(), "rows": rows}, options.out)


if __name__ == "__main__":
    main()
