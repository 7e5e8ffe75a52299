"""How much memory a run takes, and for what: asked before it starts on a GPU, and told where it was not enough."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from engine.architecture import Architecture
from engine.data import ImageDataset
from engine.errors import TrainingError
from engine.experiment import Experiment, TrainingSettings
from engine.layers import Conv, Shape
from engine.training.convolution import may_make_once, most_patch_bytes
from engine.training.patches import columns_of
from engine.training.precision import Precision
from engine.training.validation import BATCHES_AT_ONCE

_MIB = 1 << 20
_CUDA = torch.device("cuda")
_CONTEXT_BYTES = 512 * _MIB  # kernels and libraries of one process
_COPIES = {"sgd": 4, "adamw": 5}  # weights, gradients, kept weights, and what the optimiser keeps


class OutOfMemoryError(TrainingError):
    """A training met the end of a memory."""


@dataclass(frozen=True)
class Demand:
    """About how much memory a training takes, in bytes, and what would make it less.

    Args:
        images: all that are trained and validated on, as float32.
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
    """What a training takes: images as float32, weights, a batch's activations and, on a GPU, patches."""
    settings = experiment.training
    images = len(dataset.train.labels) + len(dataset.validation.labels)
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
    of_images, of_batch = images * pixels, 3 * batch * activations
    if device.type == "cuda" and precision.dtype is torch.float32:
        of_images += _patches_of_images(architecture, dataset, settings)
        of_batch += _patches_of_batch(architecture, dataset, settings, precision)
    return Demand(4 * of_images, 4 * copies * architecture.parameters, 4 * of_batch, remedies)


def _patches_of_images(architecture: Architecture, dataset: ImageDataset, settings: TrainingSettings) -> int:
    """Numbers of the patches of the first convolution, where they are made once."""
    first, shape, images = architecture.layers[0], architecture.input_shape, len(dataset.train.labels)
    is_plain = settings.flips == "none" and not settings.shift and not settings.cutout
    if not isinstance(first, Conv) or not is_plain:
        return 0
    places, width = _grid_of_patches(first, shape)
    return images * places * columns_of(width) if may_make_once(places * width, math.prod(shape), images, _CUDA) else 0


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


def check_memory(device: torch.device, demand: Demand) -> dict[str, Any] | None:
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
    if demand.total - _CONTEXT_BYTES > free + kept:  # to ask has made this process's context
        wait = "wait, take another --device, or " if demand.total <= total else ""
        raise TrainingError(
            f"this run needs too much memory: {demand.words}; {memory_words(device, memory)}; {wait}try {demand.remedy}"
        )
    return memory


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
    """`GPU memory` or `memory`, where that is why a training failed. torch says so of the CPU's in words alone."""
    if isinstance(error, torch.OutOfMemoryError):
        return "GPU memory"
    is_short = isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
    return "memory" if is_short or isinstance(error, MemoryError) else None


def memory_words(device: torch.device, memory: dict[str, Any]) -> str:
    """`cuda:0: 79,001 of 81,559 MiB are free, about 2,046 MiB are held by others`."""
    free, total, held = (memory[key] // _MIB for key in ("free_bytes", "total_bytes", "held_by_others_bytes"))
    return f"{device}: {free:,} of {total:,} MiB are free, about {held:,} MiB are held by others"
