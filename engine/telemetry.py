"""What a training costs the machine: processor, memory, and the GPU through NVIDIA's library. No torch."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import Any

_MIB = 1 << 20
_HOLDERS_SECONDS = 2.0  # whose memory it is changes slowly, and asking takes a while
_MOST_HOLDERS = 8


class Telemetry:
    """Reads, at most a few times a second, what this process and its GPU are doing.

    Args:
        gpu_uuid: `GPU-…` of the device this process trains on; None on a CPU.
    """

    def __init__(self, gpu_uuid: str | None = None) -> None:
        import psutil

        self._process = psutil.Process()
        self._process.cpu_percent()  # the first call only sets the clock
        self._gpu = _Gpu.open(gpu_uuid) if gpu_uuid else None

    def read(self) -> dict[str, Any]:
        """`pid`, of that process `cpu_percent` (100 is one core) and `rss_bytes`, and `gpu` as `_Gpu.read` or null."""
        return {
            "pid": self._process.pid,
            "cpu_percent": self._process.cpu_percent(),
            "rss_bytes": self._process.memory_info().rss,
            "gpu": self._gpu.read() if self._gpu else None,
        }


class _Gpu:
    """One GPU by NVML. What a card or a driver does not tell is null."""

    def __init__(self, library: Any, handle: Any) -> None:
        self._library, self._handle = library, handle
        self._holders: list[dict[str, Any]] = []
        self._asked = float("-inf")

    @classmethod
    def open(cls, name: str) -> _Gpu | None:
        """The GPU `GPU-…`, or of this number; None where NVML or the card is not to be had."""
        try:
            import pynvml
        except ImportError:
            return None
        try:
            pynvml.nvmlInit()
            if name.isdecimal():
                return cls(pynvml, pynvml.nvmlDeviceGetHandleByIndex(int(name)))
            return cls(pynvml, pynvml.nvmlDeviceGetHandleByUUID(name))
        except pynvml.NVMLError:
            return None

    def read(self) -> dict[str, Any]:
        """Utilisation in percent, memory in bytes and who holds it, power in watts, temperature in degrees Celsius."""
        library, handle = self._library, self._handle
        memory = self.read_memory()
        use = self._ask(library.nvmlDeviceGetUtilizationRates, handle)
        power = self._ask(library.nvmlDeviceGetPowerUsage, handle)
        return {
            "utilisation_percent": use.gpu if use else None,
            "memory_used_bytes": memory.used if memory else None,
            "memory_total_bytes": memory.total if memory else None,
            "holders": self._who_holds_it(),
            "power_watts": power / 1000 if power is not None else None,
            "temperature_celsius": self._ask(library.nvmlDeviceGetTemperature, handle, library.NVML_TEMPERATURE_GPU),
        }

    def _who_holds_it(self) -> list[dict[str, Any]]:
        """Processes with memory on this GPU, the largest first: `pid`, `user`, `name`, `memory_bytes`."""
        now = time.monotonic()
        if now - self._asked >= _HOLDERS_SECONDS:
            self._asked = now
            found = self._ask(self._library.nvmlDeviceGetComputeRunningProcesses, self._handle) or []
            self._holders = name_holders({process.pid: process.usedGpuMemory for process in found})[:_MOST_HOLDERS]
        return self._holders

    def read_memory(self) -> Any:
        """NVML's answer, with `used` and `total` in bytes; None where it does not tell."""
        return self._ask(self._library.nvmlDeviceGetMemoryInfo, self._handle)

    def _ask(self, question: Any, *arguments: Any) -> Any:
        try:
            return question(*arguments)
        except self._library.NVMLError:
            return None


def name_holders(memory: dict[int, int | None]) -> list[dict[str, Any]]:
    """Who the processes are that hold a GPU's memory, the largest first.

    Args:
        memory: bytes by process id; None where the driver does not tell. In a container the driver knows other ids
            than we do: where we are not among them ourselves, no name is given, rather than a wrong one.
    """
    import psutil

    is_our_view = psutil.Process().pid in memory
    rows = []
    for pid, held in sorted(memory.items(), key=lambda row: -(row[1] or 0)):
        row: dict[str, Any] = {"pid": pid, "user": None, "name": None, "memory_bytes": held}
        if is_our_view:
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                row |= {"name": process.name(), "user": process.username()}
        rows.append(row)
    return rows


def device_memory(device: str) -> dict[str, int] | None:
    """`used_bytes` and `total_bytes` of `cuda:0`, whoever uses them; None on a CPU, and where NVML does not tell."""
    kind, _, index = device.partition(":")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = visible.replace(" ", "").split(",") if visible is not None else None
    if kind != "cuda" or not index.isdecimal() or (names is not None and int(index) >= len([*filter(None, names)])):
        return None
    gpu = _Gpu.open(names[int(index)] if names is not None else index)
    memory = gpu.read_memory() if gpu else None
    return {"used_bytes": int(memory.used), "total_bytes": int(memory.total)} if memory else None


def telemetry_words(telemetry: dict[str, Any] | None) -> str:
    """`cpu 98 %, 412 MiB, gpu 61 %, 2,101 of 143,771 MiB, 310 W, 54 °C`; empty where nothing is known."""
    if not telemetry:
        return ""
    parts = [f"cpu {telemetry['cpu_percent']:.0f} %", f"{telemetry['rss_bytes'] // _MIB:,} MiB"]
    gpu = telemetry.get("gpu") or {}
    if gpu.get("utilisation_percent") is not None:
        parts.append(f"gpu {gpu['utilisation_percent']} %")
    if gpu.get("memory_used_bytes") is not None:
        parts.append(f"{gpu['memory_used_bytes'] // _MIB:,} of {gpu['memory_total_bytes'] // _MIB:,} MiB")
    if gpu.get("power_watts") is not None:
        parts.append(f"{gpu['power_watts']:.0f} W")
    if gpu.get("temperature_celsius") is not None:
        parts.append(f"{gpu['temperature_celsius']} °C")
    return ", ".join(parts)
