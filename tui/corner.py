"""What the machine does for the runs that live, in the corner of every screen."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from engine.machine import usable_cores
from engine.store import Run
from engine.text import clean

_GIB = 1 << 30
_MAKERS = ("NVIDIA", "GeForce", "Tesla", "Quadro", "RTX")


def corner_words(live: Sequence[Run], waiting: int) -> str:
    """`cpu 98% 1.1/24G  1 run`, on a GPU `H200 61% 2/140G  1 run`; how many wait behind it.

    Args:
        live: runs that somebody executes, their progress read.
        waiting: queued runs.
    """
    told = [(run, telemetry) for run in live if (telemetry := (run.progress() or {}).get("telemetry"))]
    on_gpu = [(run, telemetry["gpu"]) for run, telemetry in told if telemetry.get("gpu")]
    if on_gpu:
        words = _gpu(*on_gpu[0])
    elif told:
        # runs that share a process say the same of it
        processes = {str(telemetry.get("pid") or run.id): telemetry for run, telemetry in told}.values()
        busy = sum(telemetry.get("cpu_percent") or 0 for telemetry in processes) / usable_cores()
        used = sum(telemetry.get("rss_bytes") or 0 for telemetry in processes)
        words = f"cpu {min(100, busy):.0f}% {used / _GIB:.1f}/{_memory_bytes() / _GIB:.0f}G"
    else:
        words = ""
    counts = f"{len(live)} run{'' if len(live) == 1 else 's'}" + (f", {waiting} wait" if waiting else "")
    return f"{words}  {counts}" if words else counts


def _gpu(run: Run, gpu: dict[str, float | None]) -> str:
    share, used, total = (gpu.get(key) for key in ("utilisation_percent", "memory_used_bytes", "memory_total_bytes"))
    words = [short_gpu_name(str(run.environment.get("device_name") or "gpu"))]
    if share is not None:
        words.append(f"{share:.0f}%")
    if used is not None and total is not None:
        words.append(f"{used / _GIB:.0f}/{total / _GIB:.0f}G")
    return " ".join(words)


def short_gpu_name(name: str) -> str:
    """`NVIDIA H100 80GB HBM3` as `H100`: the first word that is no maker's."""
    words = [word for word in re.split(r"[\s-]+", clean(name)) if word and word not in _MAKERS]
    return words[0][:10] if words else "gpu"


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
