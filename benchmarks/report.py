"""What every measurement says of the machine, and where it is written."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from engine.machine import usable_cores


def describe() -> dict[str, Any]:
    """Processor, cores, load and versions."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    return {
        "processor": model,
        "cores": usable_cores(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
        "numpy": metadata.version("numpy"),
    }


RESULTS = Path(__file__).parent / "results"


def spread(values: list[float]) -> dict[str, Any]:
    """Median, lowest, highest and their number."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values), "n": len(values)}


def words(row: dict[str, Any], digits: int = 2) -> str:
    """`1.25 [1.19 1.31] n 9`."""
    low, high = f"{row['low']:.{digits}f}", f"{row['high']:.{digits}f}"
    return f"{row['median']:.{digits}f} [{low} {high}] n {row['n']}"


def save(name: str, rows: dict[str, Any], out: Path | None = None) -> None:
    """Rows and machine as `benchmarks/results/<name>.json`, or as the file that was asked for."""
    RESULTS.mkdir(exist_ok=True)
    write({"benchmark": name, **describe(), "rows": rows}, out or RESULTS / f"{name}.json")


def write(document: dict[str, Any], path: Path | None) -> None:
    """The document as JSON, to a file or to stdout; the machine in words to stderr."""
    machine = ", ".join(f"{key} {document[key]}" for key in ("processor", "cores", "load", "python", "torch"))
    print(machine, file=sys.stderr)
    text = json.dumps(document, indent=1)
    if path is None:
        print(text)
    else:
        path.write_text(text + "\n")


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(errors="replace").splitlines()
    except OSError:
        return []
