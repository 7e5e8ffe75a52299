"""Whether a run fits into a GPU that others use too, asked before it starts."""

from __future__ import annotations

import math
from typing import Any

import torch

from engine.architecture import Architecture
from engine.data import ImageDataset
from engine.errors import TrainingError
from engine.experiment import TrainingSettings

_MIB = 1 << 20
_CONTEXT_BYTES = 512 * _MIB  # kernels and libraries of one process
_COPIES = {"sgd": 4, "adamw": 5}  # weights, gradients, kept weights, and what the optimiser keeps


def estimate_bytes(architecture: Architecture, dataset: ImageDataset, settings: TrainingSettings) -> int:
    """About how much device memory a training takes: images as float32, weights, and one batch's activations."""
    images = len(dataset.train.labels) + len(dataset.validation.labels)
    pixels = math.prod(dataset.image_shape)
    activations = pixels + sum(math.prod(row.output_shape) for row in architecture.summary())
    batch = min(settings.batch_size, len(dataset.train.labels))
    copies = _COPIES[settings.optimizer] + (2 if settings.ema else 0)
    numbers = images * pixels + copies * architecture.parameters + 3 * batch * activations
    return 4 * numbers + _CONTEXT_BYTES


def check_memory(device: torch.device, needed: int) -> dict[str, Any] | None:
    """What the GPU has free, and what others hold, for the record; None on a CPU.

    Raises:
        TrainingError: if the run cannot fit.
    """
    if device.type != "cuda":
        return None
    free, total = torch.cuda.mem_get_info(device)
    reserved = torch.cuda.memory_reserved(device)
    kept = reserved - torch.cuda.memory_allocated(device)  # by an earlier run of this lane; this one may have it
    held = max(0, total - free - reserved - _CONTEXT_BYTES)
    memory = {"free_bytes": free + kept, "total_bytes": total, "held_by_others_bytes": held}
    if needed - _CONTEXT_BYTES > free + kept:  # to ask has made this process's context
        raise TrainingError(
            f"this run needs about {needed // _MIB:,} MiB; {memory_words(device, memory)}; "
            "wait, take another --device, or a smaller batch"
        )
    return memory


def what_memory_is_short(error: Exception) -> str | None:
    """`GPU memory` or `memory`, where that is why a training failed. torch says so of the CPU's in words alone."""
    if isinstance(error, torch.OutOfMemoryError):
        return "GPU memory"
    is_short = isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
    return "memory" if is_short or isinstance(error, MemoryError) else None


def memory_words(device: torch.device, memory: dict[str, Any]) -> str:
    """`cuda:0: 79,001 of 81,559 MiB are free, about 2,046 MiB are held by others`."""
    free, total, held = (memory[key] // _MIB for key in ("free_bytes", "total_bytes", "held_by_others_bytes"))
    return f"{device}: {free:,} of {total:,} MiB are free, about {held:,} MiB are held by others"
