"""What the machine offers, asked without importing torch."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path

MOST_RUNS = 10  # in a process: torch has 32 streams of a GPU, and a run takes three


def usable_cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def multiplies_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 in hardware: Intel's AMX, or AVX-512's instructions for it."""
    try:
        flags = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return False  # not Linux
    return "amx_bf16" in flags or "avx512_bf16" in flags


def has_nvidia_gpu() -> bool:
    """Whether the kernel shows an NVIDIA GPU; whether torch can use it is another question."""
    return any(Path(place).exists() for place in ("/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg"))


def nvidia_words() -> str:
    """`none`, `NVIDIA`, or `NVIDIA, driver missing: cnnlab doctor`: what the kernel shows, without asking a driver."""
    if has_nvidia_gpu():
        return "NVIDIA"
    for device in Path("/sys/bus/pci/devices").glob("*"):
        try:
            vendor, kind = ((device / name).read_text().strip() for name in ("vendor", "class"))
        except OSError:
            continue
        if vendor == "0x10de" and kind.startswith("0x03"):  # NVIDIA; a display controller
            return "NVIDIA, driver missing: cnnlab doctor"
    return "none"


def gpu_count() -> int:
    """NVIDIA GPUs that the kernel shows; one where it does not number them."""
    numbered = sum(1 for place in Path("/dev").glob("nvidia[0-9]*"))
    return numbered or int(has_nvidia_gpu())


def missing_gpu(device: str) -> str | None:
    """Why `cuda:1` cannot be used here, as far as can be told without importing torch; None where it may be."""
    kind, _, index = device.partition(":")
    if kind != "cuda" or Path("/dev/kfd").exists():  # AMD's, which torch calls cuda too
        return None
    there = gpu_count()
    shown = f"the kernel shows {there or 'no'} NVIDIA GPU{'s' if there > 1 else ''}"
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    left = there if visible is None else _left_visible(visible, there)
    if int(index or 0) >= left:
        return shown if left == there else f"{shown}, and CUDA_VISIBLE_DEVICES={visible} leaves {left or 'none'}"
    build = _torch_without_gpus()
    return f"torch {build} is a build for the CPU alone" if build else None


def _left_visible(names: str, there: int) -> int:
    """How many GPUs a `CUDA_VISIBLE_DEVICES` leaves: CUDA reads it up to the first number that is none."""
    left = 0
    for name in filter(None, names.replace(" ", "").split(",")):
        if not name.startswith(("GPU-", "MIG-")) and not (name.isdecimal() and int(name[:9]) < there):
            break
        left += 1
    return left


def _torch_without_gpus() -> str | None:
    """The version of a torch that was built without GPUs, as its `version.py` says; None for another one, or none."""
    found = find_spec("torch")
    try:
        text = Path(found.origin).with_name("version.py").read_text() if found and found.origin else ""
    except OSError:
        return None
    said = dict(re.findall(r"^(\w+)\b.*= *'?([^'\n]*)", text, re.MULTILINE))
    return said.get("__version__") if said.get("cuda") == said.get("hip") == "None" else None


def resolve_device(wish: str) -> str:
    """The device that a wish names, without asking torch: `auto` is the first GPU where there is one, else `cpu`."""
    if wish == "auto":
        return "cuda:0" if has_nvidia_gpu() else "cpu"
    return "cuda:0" if wish == "cuda" else wish


def default_lanes(device: str, runs: int) -> int:
    """Runs to train at once: on a CPU one a core, of one thread each; on a GPU one after the other."""
    on_gpu = device.startswith("cuda") or (device == "auto" and has_nvidia_gpu())
    return 1 if on_gpu else max(1, min(runs, usable_cores()))


def runs_in_process(device: str, lanes: int) -> int:
    """How many of the runs that are trained at once share a process: on a GPU all, each with streams of its own.

    There the work of several processes takes turns, and that of streams does not.
    """
    device = resolve_device(device)
    return min(lanes, MOST_RUNS) if device.startswith("cuda") and missing_gpu(device) is None else 1


def count_memory_kills(root: Path = Path("/")) -> int | None:
    """How often the kernel killed a process of this control group because memory was short; None: it does not say."""
    for folder in _control_groups(root):
        for name in ("memory.events", "memory.oom_control"):
            try:
                lines = (folder / name).read_text().splitlines()
            except OSError:
                continue
            for line in lines:
                key, _, value = line.partition(" ")
                if key == "oom_kill" and value.isdecimal():
                    return int(value)
    return None


def memory_limit(root: Path = Path("/")) -> int | None:
    """The memory that this control group may use, in bytes; None where there is no limit."""
    limits = []
    for folder in _control_groups(root):
        for name in ("memory.max", "memory.limit_in_bytes"):
            try:
                text = (folder / name).read_text().strip()
            except OSError:
                continue
            if text.isdecimal() and int(text) < 1 << 60:
                limits.append(int(text))
    return min(limits, default=None)


def _control_groups(root: Path) -> list[Path]:
    """The folders of this process's memory control group, from its own to the outermost."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        base = root / "sys/fs/cgroup" / ("memory" if controllers else "")
        own = base / place.strip("/")
        found += [own, *(parent for parent in own.parents if parent.is_relative_to(base))]
    return found
