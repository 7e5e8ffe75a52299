"""How much memory a run takes, and for what: asked before it starts on a GPU, and told where it was not enough."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from engine.architecture import Architecture
from engine.data import ImageDataset
from engine.errors import TrainingError
from engine.execution.siblings import Siblings
from engine.experiment import Experiment, TrainingSettings
from engine.layers import Conv, Shape
from engine.training.batches import are_normalised
from engine.training.convolution import may_make_once, most_patch_bytes
from engine.training.device import SWITCHES
from engine.training.patches import columns_of
from engine.training.precision import Precision
from engine.training.validation import BATCHES_AT_ONCE

_MIB = 1 << 20
_CUDA = torch.device("cuda")
_CONTEXT_BYTES = 512 * _MIB  # kernels and libraries of one process
_COPIES = {"sgd": 4, "adamw": 5}  # weights, gradients, kept weights, and what the optimiser keeps


class OutOfMemoryError(TrainingError):
    """A training met the end of a memory."""


class NoRoomError(TrainingError):
    """A GPU has less memory free now than a run takes.

    Args:
        shortage: what it needs, and what is free.
        remedy: what would make it less.
    """

    def __init__(self, shortage: str, remedy: str) -> None:
        super().__init__(f"this run needs too much memory: {shortage}; wait, take another --device, or try {remedy}")
        self.shortage = shortage


@dataclass(frozen=True)
class Demand:
    """About how much memory a training takes, in bytes, and what would make it less.

    Args:
        images: all that are trained and validated on, as they are kept.
        weights: with gradients, kept copies, and what the optimiser keeps.
        activations: of one batch, forward and backward.
        remedies: of each of the three.
    """

    images: int
    weights: int
    activations: int
    remedies: tuple[str, str, str]

    @property
    def total(self) -> int:
        return self.images + self.weights + self.activations + _CONTEXT_BYTES

    @property
    def words(self) -> str:
        """`of about 5,300 MiB that it needs, 4,700 MiB are for weights, gradients and the optimiser`."""
        number, most = self._most
        what = ("images", "weights, gradients and the optimiser", "activations of a batch")[number]
        total = self.total - _CONTEXT_BYTES
        return f"of about {_mib(total)} that it needs, {_mib(most)} are for {what}"

    @property
    def remedy(self) -> str:
        """What would lessen the largest part."""
        return self.remedies[self._most[0]]

    @property
    def _most(self) -> tuple[int, int]:
        return max(enumerate((self.images, self.weights, self.activations)), key=lambda part: part[1])


def _mib(size: int) -> str:
    return f"{-(-size // _MIB):,} MiB"


def estimate_demand(
    architecture: Architecture,
    dataset: ImageDataset,
    experiment: Experiment,
    device: torch.device,
    precision: Precision,
) -> Demand:
    """What a training takes: images, weights, a batch's activations and, on a GPU, patches."""
    settings = experiment.training
    pixels = math.prod(dataset.image_shape)
    layers = architecture.summary()
    activations = pixels + sum(math.prod(row.output_shape) for row in layers)
    batch = min(settings.batch_size, len(dataset.train.labels))
    copies = _COPIES[settings.optimizer] + (2 if settings.ema else 0)
    widest = max(layers, key=lambda row: row.parameters)
    of_all = f"{widest.name} has {widest.parameters:,} of its {architecture.parameters:,} parameters"
    narrower = "smaller model.layers" if experiment.model.name == "custom" else "a smaller model.hidden_size"
    fewer_images = "fewer classes, or a smaller dataset.train_fraction"
    remedies = (
        fewer_images,
        f"{narrower}: layer {of_all}",
        f"training.batch_size = {batch // 2}" if batch > 1 else f"{narrower}, or smaller images",
    )
    splits = (pixels * len(split.labels) for split in (dataset.train, dataset.validation))
    of_images = sum(4 * numbers if are_normalised(numbers) else numbers for numbers in splits)
    of_batch = 3 * batch * activations
    if device.type == "cuda" and precision.dtype is torch.float32:
        of_images += 4 * _patches_of_images(architecture, dataset, settings)
        of_batch += _patches_of_batch(architecture, dataset, settings, precision)
    return Demand(of_images, 4 * copies * architecture.parameters, 4 * of_batch, remedies)


def _patches_of_images(architecture: Architecture, dataset: ImageDataset, settings: TrainingSettings) -> int:
    """Numbers of the patches of the first convolution, where they are made once."""
    first, shape = architecture.layers[0], architecture.input_shape
    if not isinstance(first, Conv):
        return 0
    is_plain = settings.flips == "none" and not settings.shift and not settings.cutout
    counts = [
        len(dataset.train.labels) if is_plain else 0,
        0 if settings.test_flips else len(dataset.validation.labels),
    ]
    places, width = _grid_of_patches(first, shape)
    made = [n for n in counts if may_make_once(places * width, math.prod(shape), n, _CUDA)]
    return sum(made) * places * columns_of(width)


def _patches_of_batch(
    architecture: Architecture, dataset: ImageDataset, settings: TrainingSettings, precision: Precision
) -> int:
    """Numbers kept by convolutions over patches: of a batch, and of what validation takes at once."""
    batch = min(settings.batch_size, len(dataset.train.labels))
    at_once = min(BATCHES_AT_ONCE["cuda"] * settings.batch_size, len(dataset.validation.labels))
    most, numbers = most_patch_bytes(_CUDA, precision), 0
    shape: Shape = architecture.input_shape
    for layer in architecture.layers:
        if isinstance(layer, Conv):
            places, width = _grid_of_patches(layer, shape)
            numbers += sum(n * places * columns_of(width) for n in (batch, at_once) if 4 * n * places * width <= most)
        shape = layer.output_shape(shape)
    return numbers


def _grid_of_patches(layer: Conv, shape: Shape) -> tuple[int, int]:
    """Patches of an image, and numbers of a patch."""
    return math.prod(layer.output_shape(shape)[1:]), layer.kernel**2 * shape[0]


def check_memory(device: torch.device, demand: Demand, *, is_shared: bool = False) -> dict[str, Any] | None:
    """What the GPU has free, and what others hold, for the record; None on a CPU.

    To be asked by the thread whose turn it is (`engine.training.device.SWITCHES`).

    Args:
        is_shared: whether other runs of this process hold memory of it.

    Raises:
        NoRoomError: if the run does not fit now.
        TrainingError: if it never will.
    """
    if device.type != "cuda":
        return None
    free, total = _free_memory(device)
    if demand.total - _CONTEXT_BYTES > free:  # maybe an earlier run of this process still waits to be collected
        gc.collect()
        free, total = _free_memory(device)
    own = 0 if is_shared else torch.cuda.memory_reserved(device)
    held = max(0, total - free - own - _CONTEXT_BYTES)
    memory = {"free_bytes": free, "total_bytes": total, "held_by_others_bytes": held}
    if demand.total - _CONTEXT_BYTES > free:  # to ask has made this process's context
        shortage = f"{demand.words}; {memory_words(device, memory)}"
        if demand.total <= total:
            raise NoRoomError(shortage, demand.remedy)
        raise TrainingError(f"this run needs too much memory: {shortage}; try {demand.remedy}")
    return memory


def _free_memory(device: torch.device) -> tuple[int, int]:
    """Bytes that are free, once torch has given back what earlier runs left; and all that there are."""
    torch.cuda.empty_cache()
    free, total = torch.cuda.mem_get_info(device)
    return free, total


def give_back(siblings: Siblings, run_id: str) -> None:
    """What a run held of a GPU is free, for its siblings and for other processes."""
    with SWITCHES:  # a captured graph is not let go of while another is captured
        siblings.let_go(run_id)
        torch.cuda.empty_cache()


@contextmanager
def memory_explained(demand: Demand | None) -> Iterator[None]:
    """A memory that is too small in our words: what needs most of it, and what would help.

    Args:
        demand: None before the data are known.

    Raises:
        OutOfMemoryError: instead of what torch and Python raise.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        place = what_memory_is_short(error)
        if place is None:
            raise
        where = f"{demand.words}; try {demand.remedy}" if demand else "while its data are decoded; try fewer classes"
        raise OutOfMemoryError(f"out of {place}: {where}") from error


def what_memory_is_short(error: Exception) -> str | None:
    """`GPU memory` or `memory`, where that is why a training failed. Not every part of torch has a type for it."""
    words = str(error) if isinstance(error, RuntimeError) else ""
    if isinstance(error, torch.OutOfMemoryError) or "CUDA error: out of memory" in words:
        return "GPU memory"
    return "memory" if isinstance(error, MemoryError) or "DefaultCPUAllocator" in words else None


def breaks_gpu(error: Exception) -> bool:
    """Whether CUDA works no more in this process: an error of a kernel is met again by every call that follows."""
    if not isinstance(error, RuntimeError) or what_memory_is_short(error) or "ALLOC_FAILED" in str(error):
        return False
    return isinstance(error, torch.AcceleratorError) or "CUDA error: " in str(error)


def memory_words(device: torch.device, memory: dict[str, Any]) -> str:
    """`cuda:0: 79,001 of 81,559 MiB are free, about 2,046 MiB are held by others`."""
    free, total, held = (memory[key] // _MIB for key in ("free_bytes", "total_bytes", "held_by_others_bytes"))
    return f"{device}: {free:,} of {total:,} MiB are free, about {held:,} MiB are held by others"
