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


def against(row: dict[str, Any], budget: float | None, *, at_most: bool = False) -> str:
    """The row as `words` has it with its budget, and whether it is missed; the row keeps both.

    Args:
        budget: what must be reached; None: nothing is asked.
        at_most: it is a limit, not a goal.
    """
    if budget is None:
        return words(row)
    missed = row["median"] > budget if at_most else row["median"] < budget
    row |= {"budget": budget, "missed": missed}
    return f"{words(row)}  budget {'<=' if at_most else '>='} {budget:g}{'  MISSED' if missed else ''}"


def save(name: str, rows: dict[str, Any], out: Path | None = None, *, device: str | None = None) -> None:
    """Rows and machine as `write` does it.

    Args:
        device: the name of the GPU that was measured; None: the processor was.
    """
    on_gpu = {"device": device} if device else {}
    write({"benchmark": name, **describe(), **on_gpu, "rows": rows}, out)


def write(document: dict[str, Any], out: Path | None) -> None:
    """The document as JSON, to `benchmarks/results/<its name>.json` or to `out`; the machine in words to stderr."""
    if out is None:
        RESULTS.mkdir(exist_ok=True)
        out = RESULTS / f"{document['benchmark'].replace(' ', '-')}.json"
    keys = ("device", "processor", "cores", "load", "python", "torch")
    words = ", ".join(f"{key} {document[key]}" for key in keys if key in document)
    print(f"{words}; written to {out}", file=sys.stderr)
    out.write_text(json.dumps(document, indent=1) + "\n")


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(errors="replace").splitlines()
    except OSError:
        return []
