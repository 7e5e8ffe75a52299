"""The two sides of a measurement of training: this engine's loop and the notebook's, a slice of each at a time."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.notebook import NotebookLoop
from engine.data import ImageDataset, load_dataset, resolve_classes
from engine.errors import LabError
from engine.events import StepProgress
from engine.experiment import DatasetSettings, Experiment
from engine.training.capture import PathMaker, choose_path
from engine.training.precision import EXACT, Precision
from engine.training.trainer import Trainer

SLICE_SECONDS = 0.2


class Slice(NamedTuple):
    """Images a second by the clock, and by the processor time of this process: other work takes the one alone."""

    wall: float
    cpu: float


@contextmanager
def refused_in_words() -> Iterator[None]:
    """Around what a wrong option ends: in a line, as the commands of the laboratory end."""
    try:
        yield
    except LabError as error:
        sys.exit(error.message)


def load(data_dir: Path | None, classes: str) -> tuple[ImageDataset, DatasetSettings]:
    """CIFAR-100 where a folder is given, else the embedded digits."""
    wished = DatasetSettings(name="cifar100", classes=classes) if data_dir else DatasetSettings()  # type: ignore[arg-type]
    with refused_in_words():
        settings = resolve_classes(wished, data_dir)
        return load_dataset(settings, data_dir), settings


def experiment_of(settings: DatasetSettings, pooling: str, threads: int = 1) -> Experiment:
    """The laboratory network, for as long as one likes."""
    training = {"epochs": 1_000_000, "threads": threads}
    return Experiment.build({"dataset": settings, "model": {"pooling": pooling}, "training": training})


class Ours:
    """This engine's loop, its validation included."""

    def __init__(
        self,
        experiment: Experiment,
        dataset: ImageDataset,
        device: torch.device,
        precision: Precision = EXACT,
        make_path: PathMaker = choose_path,
    ) -> None:
        self.trainer = Trainer(experiment, dataset, device, precision=precision, make_path=make_path)
        self._progress = self._images()
        for _ in range(8):  # the pacer doubles its chunks up to a fifth of a second
            next(self._progress)

    def _images(self) -> Iterator[int]:
        size, batch = self.trainer.train.size, self.trainer.train.batch_size
        for event in self.trainer.events():
            if isinstance(event, StepProgress):
                yield (event.epoch - 1) * size + min(event.step * batch, size)

    def slice(self) -> Slice:
        """One chunk of steps."""
        before = self.trainer._images_done()
        wall, cpu = time.monotonic(), time.process_time()
        images = next(self._progress) - before
        return Slice(images / (time.monotonic() - wall), images / (time.process_time() - cpu))


class Theirs:
    """The notebook's loop on the same data, its validation included."""

    def __init__(self, experiment: Experiment, dataset: ImageDataset, device: torch.device) -> None:
        settings = experiment.training
        data = dataset.train, dataset.validation
        classes = len(dataset.classes)
        self._loop = NotebookLoop(
            experiment.model.pooling, *data, classes, settings.batch_size, settings.lr, device=device
        )
        self._images = len(dataset.train.labels)
        self._loop.epoch()

    def slice(self) -> Slice:
        """Epochs for as long as a slice lasts."""
        wall, cpu, images = time.monotonic(), time.process_time(), 0
        while time.monotonic() - wall < SLICE_SECONDS:
            self._loop.epoch()
            images += self._images
        return Slice(images / (time.monotonic() - wall), images / (time.process_time() - cpu))

    def train(self, epochs: int) -> None:
        """So many epochs."""
        for _ in range(epochs):
            self._loop.epoch()


def in_turn(theirs: Theirs, ours: Ours, number: int) -> tuple[Slice, Slice]:
    """A slice of each; who goes first changes from one number to the next."""
    if number % 2:
        mine = ours.slice()
        return theirs.slice(), mine
    return theirs.slice(), ours.slice()


def the_gpu() -> torch.device:
    """The first GPU; leaves with a word where there is none."""
    if not torch.cuda.is_available():
        sys.exit("torch sees no CUDA device here: nothing was measured")
    return torch.device("cuda", 0)


def seconds_at_once(work: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> float:
    """Seconds of processes that work at once, until the last is done.

    Args:
        work: in a process of its own; waits at its last argument, a barrier, when it is ready and when it is done.
        arguments: of each process, but for the barrier.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(arguments) + 1)
    processes = [context.Process(target=work, args=(*each, barrier)) for each in arguments]
    for process in processes:
        process.start()
    barrier.wait()
    began = time.monotonic()
    barrier.wait()
    seconds = time.monotonic() - began
    for process in processes:
        process.join()
    return seconds
