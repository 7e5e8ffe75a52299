"""The app with many runs and nothing to do, on a pseudo-terminal of 120 x 36: processor, memory, bytes.

python -m benchmarks.idle [--runs N] [--seconds S] [--folder F] [--out F.json]

Budgets (design, section 14): 1 % of a core, 80 MB resident, with 10,000 runs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.first_paint import processor_seconds
from benchmarks.folder import fill
from benchmarks.report import describe, write
from tools.pseudo_terminal import PseudoTerminal, cnnlab_tui

BUDGETS = {"core_percent": 1.0, "resident_megabytes": 80.0}


def resident_megabytes(pid: int) -> float:
    """What a process holds in memory, in units of 10^6 bytes."""
    fields = Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()
    return int(fields[0]) * 1024 / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--folder", type=Path, help="a folder that fill() has made; default: made anew")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch) / "runs"
        if not folder.exists():
            fill(folder, options.runs)
        environment = {"XDG_STATE_HOME": scratch}
        with PseudoTerminal(cnnlab_tui("--runs", folder), columns=120, lines=36, environment=environment) as terminal:
            terminal.until(lambda: "so far" not in terminal.text and f"of {options.runs:,}" in terminal.text)
            terminal.listen(6)
            pid = terminal.process.pid
            used, began = processor_seconds(pid), time.monotonic()
            count = terminal.listen(options.seconds)
            seconds = time.monotonic() - began
            core_percent = 100 * (processor_seconds(pid) - used) / seconds
            memory = resident_megabytes(pid)
    measured = {"core_percent": core_percent, "resident_megabytes": memory, "bytes_per_second": count / seconds}
    for name, value in measured.items():
        budget = f"   budget {BUDGETS[name]}" if name in BUDGETS else ""
        print(f"{name:20} {value:7.2f}{budget}   over {seconds:.0f} s, n 1")
    document = {"benchmark": "idle", "runs": options.runs, "seconds": seconds, "n": 1, "budgets": BUDGETS, **describe()}
    write({**document, **measured}, options.out)


if __name__ == "__main__":
    main()
