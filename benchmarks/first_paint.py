"""From exec to the first screen on a pseudo-terminal, against a minimal Textual app, in turn.

python -m benchmarks.first_paint [--runs N] [--rounds N] [--out F.json]

Budgets (design, section 14): an empty folder 1.5 times the minimal app; a screenful of 10,000 runs, with its columns,
the curves among them, 1.9 times.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.folder import fill
from benchmarks.report import describe, write
from tools.pseudo_terminal import PseudoTerminal, cnnlab_tui

MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("the minimal app")
Minimal().run()
"""
BUDGETS = {"empty": 1.5, "full": 1.9}


def seconds_until(command: list[str], shown: Callable[[bytes], bool], state: Path) -> tuple[float, float]:
    """Seconds from exec until the bytes that were sent show it; by the clock, and of processor time."""
    began = time.monotonic()
    environment = {"XDG_STATE_HOME": str(state), "LC_ALL": "C.UTF-8"}
    with PseudoTerminal(command, columns=120, lines=36, draw=False, environment=environment) as terminal:
        terminal.until(lambda: shown(bytes(terminal.raw)), 60)
        took = time.monotonic() - began, processor_seconds(terminal.process.pid)
        terminal.process.kill()
        return took


def processor_seconds(pid: int) -> float:
    """What a process has used of the processor, by the kernel's count."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--folder", type=Path, help="a folder that fill() has made; default: made anew")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        full = options.folder or Path(scratch) / "full"
        if not full.exists():
            fill(full, options.runs)
        commands: dict[str, tuple[list[str], Callable[[bytes], bool]]] = {
            "minimal": ([sys.executable, "-c", MINIMAL], lambda raw: b"the minimal app" in raw),
            "empty": (cnnlab_tui("--runs", f"{scratch}/none"), lambda raw: b"No runs in" in raw),
            "full": (cnnlab_tui("--runs", full), lambda raw: "▇".encode() in raw or "█".encode() in raw),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for number in range(options.rounds + 1):
            for name, (command, shown) in commands.items():
                took = seconds_until(command, shown, Path(scratch) / "state")
                if number:  # the first round only warms the disk's cache
                    times[name].append(took)
    rows = []
    for name, taken in times.items():
        row: dict[str, Any] = {"what": name, "budget": BUDGETS.get(name), "n": len(taken)}
        for kind, measure in (("wall", 0), ("processor", 1)):
            values = [one[measure] for one in taken]
            ratios = [one / base[measure] for one, base in zip(values, times["minimal"], strict=True)]
            row[kind] = {
                "seconds": statistics.median(values),
                "ratio": statistics.median(ratios),
                "lowest": min(ratios),
                "highest": max(ratios),
            }
            words = f"{1000 * row[kind]['seconds']:6.0f} ms {row[kind]['ratio']:5.2f} x"
            spread = f"[{min(ratios):.2f} {max(ratios):.2f}]   budget {row['budget']} x   n {len(taken)}"
            print(f"{name:8} {kind:9} {words} {spread}")
        rows.append(row)
    write({"benchmark": "first paint", "runs": options.runs, **describe(), "rows": rows}, options.out)


if __name__ == "__main__":
    main()
