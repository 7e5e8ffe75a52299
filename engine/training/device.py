"""Where a run trains: the device, its threads, and the switches that make it reproducible."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch
from torch.utils import deterministic

from engine.errors import RequestError
from engine.machine import usable_cores
from engine.text import clean
from engine.training.precision import EXACT, Precision

# Below this a second thread waits more than it works, and collapses beside any other busy process.
_ONE_THREAD_MULTIPLY_ADDS = 5_000_000

# Whose turn it is: torch's switches are the process's, and so is the capture of a graph.
SWITCHES = threading.RLock()


def choose_device(wish: str) -> torch.device:
    """The device for `auto`, `cpu`, `cuda` or `cuda:1`.

    Raises:
        RequestError: for another word, or a GPU that torch does not see.
    """
    if wish == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    if wish == "cpu":
        return torch.device("cpu")
    name, _, index = wish.partition(":")
    if name != "cuda" or (index and not index.isdecimal()):
        raise RequestError(f"{clean(wish)!r} is not one of auto, cpu, cuda, cuda:0, cuda:1, …", field="device")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    number = int(index or 0)
    if number >= count:
        found = f"torch {torch.__version__} sees {count} GPU(s)" if count else f"torch {torch.__version__} sees no GPU"
        raise RequestError(f"{clean(wish)!r} is not there: {found}; see `cnnlab doctor`", field="device")
    return torch.device("cuda", number)


def choose_threads(device: torch.device, wish: int, multiply_adds: int, lanes: int) -> int:
    """CPU threads of a run: what was asked for, else one for a GPU or a small network, else its share of the cores."""
    if wish:
        return wish
    if device.type != "cpu" or multiply_adds < _ONE_THREAD_MULTIPLY_ADDS:
        return 1
    return max(1, usable_cores() // max(1, lanes))


@cache
def device_name(device: torch.device) -> str:
    """The name of the hardware, `NVIDIA H100 80GB HBM3` or the processor's model."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux: the platform module knows a name too
    return platform.processor() or platform.machine()


def gpu_uuid(device: torch.device) -> str | None:
    """`GPU-…`, by which NVIDIA's library knows a device; None on a CPU."""
    if device.type != "cuda":
        return None
    return f"GPU-{torch.cuda.get_device_properties(device).uuid}"


@contextmanager
def reproducible(device: torch.device, threads: int, precision: Precision = EXACT) -> Iterator[None]:
    """The given number of threads, and torch's switches as a precision asks for them; undone at the end."""
    with use_threads(threads), switched(device, precision):
        yield


@contextmanager
def use_threads(threads: int) -> Iterator[None]:
    """So many CPU threads for what this thread does; others of the process have a number of their own."""
    before = torch.get_num_threads()  # asking first makes it this thread's number
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def switched(device: torch.device, precision: Precision = EXACT) -> Iterator[None]:
    """Torch's switches for work on a GPU, as a precision asks for them; undone at the end. A CPU needs none.

    Exact means: float32 without TF32, and deterministic algorithms. They are the process's: one thread at a time
    has them, and another waits. A captured step does not look at them any more when it is replayed.
    """
    if device.type != "cuda":
        yield
        return
    with SWITCHES:
        algorithms_before = torch.get_deterministic_debug_mode()
        fill_before = deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
        matmul_before, cudnn_before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
        benchmark_before = torch.backends.cudnn.benchmark
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read by cuBLAS when a handle is made
        # as use_deterministic_algorithms, which imports torch's compiler, more than half a second, to tell it too
        torch.set_deterministic_debug_mode("error" if precision.exact else "default")
        # else every buffer that a kernel is about to write would be filled by another kernel first
        deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision.tf32
        torch.backends.cudnn.benchmark = not precision.exact
        try:
            yield
        finally:
            torch.set_deterministic_debug_mode(algorithms_before)
            deterministic.fill_uninitialized_memory = fill_before  # type: ignore[attr-defined]
            torch.backends.cudnn.benchmark = benchmark_before
            torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = matmul_before, cudnn_before
