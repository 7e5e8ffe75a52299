"""What every measurement says of the machine, and where it is written."""

from __future__ import annotations

import json
import os
import platform
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
