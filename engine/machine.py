"""What the machine offers, asked without importing torch."""

from __future__ import annotations

import os
from pathlib import Path


def usable_cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_amx() -> bool:
    """Whether the processor multiplies matrices of bfloat16 in hardware (Intel's AMX)."""
    try:
        flags = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return False  # not Linux
    return "amx_bf16" in flags


def has_nvidia_gpu() -> bool:
    """Whether the kernel shows an NVIDIA GPU; whether torch can use it is another question."""
    return any(Path(place).exists() for place in ("/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg"))


def resolve_device(wish: str) -> str:
    """The device that a wish names, without asking torch: `auto` is the first GPU where there is one, else `cpu`."""
    if wish == "auto":
        return "cuda:0" if has_nvidia_gpu() else "cpu"
    return "cuda:0" if wish == "cuda" else wish


def default_lanes(device: str, runs: int) -> int:
    """Runs to train at once: on a CPU one a core, of one thread each; on a GPU one after the other."""
    on_gpu = device.startswith("cuda") or (device == "auto" and has_nvidia_gpu())
    return 1 if on_gpu else max(1, min(runs, usable_cores()))
