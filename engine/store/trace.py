"""A run's accuracies, coarse: what a list of many runs draws, without keeping or even reading whole histories."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import DataError, RefusedError
from engine.store import layout
from engine.store.files import open_regular
from engine.store.history import parse_history

POINTS = 32
_WHOLE_BYTES = 32 << 10  # a history up to this size is read whole
_SAMPLE_BYTES = 2 << 10  # holds at least one whole line
_LOOK_BYTES = 4 << 20  # the most that one look at a growing history reads


@dataclass(frozen=True)
class Trace:
    """Accuracies at evenly spaced epochs.

    Args:
        train, validation: fractions, one for each `POINTS`-th part of the planned epochs: of the last epoch known in
            it; None where there is none. Those of train were taken while the weights moved.
        epoch: the last one that is known.
        best, best_epoch: the highest validation accuracy; of a sampled trace, None.
    """

    train: tuple[float | None, ...] = (None,) * POINTS
    validation: tuple[float | None, ...] = (None,) * POINTS
    epoch: int = 0
    best: float | None = None
    best_epoch: int | None = None

    @property
    def gap(self) -> float | None:
        """Train minus validation accuracy where both are known last: not the overfitting gap, but its forerunner."""
        pairs = zip(reversed(self.train), reversed(self.validation), strict=True)
        return next((a - b for a, b in pairs if a is not None and b is not None), None)


@dataclass
class _Fold:
    epochs: int
    train: list[float | None] = field(default_factory=lambda: [None] * POINTS)
    validation: list[float | None] = field(default_factory=lambda: [None] * POINTS)
    epoch: int = 0
    best: tuple[float, float] | None = None  # accuracy, and minus the loss, as the selected epoch is chosen
    best_epoch: int | None = None

    def add(self, records: Iterable[dict[str, Any]]) -> None:
        for record in records:
            epoch = record["epoch"]
            place = min(POINTS - 1, (epoch - 1) * POINTS // self.epochs)
            self.epoch = max(self.epoch, epoch)
            self.train[place] = record["train"]["accuracy"]["mean"]
            validation = record.get("validation")
            if not validation:
                continue
            accuracy, loss = validation["accuracy"]["mean"], validation["loss"]["mean"]
            self.validation[place] = accuracy
            if accuracy is not None:
                merit = accuracy, float("-inf") if loss is None else -loss
                if self.best is None or merit > self.best:
                    self.best, self.best_epoch = merit, epoch

    def trace(self) -> Trace:
        best = None if self.best is None else self.best[0]
        return Trace(tuple(self.train), tuple(self.validation), self.epoch, best, self.best_epoch)


def sample_trace(folder: Path, epochs: int) -> Trace:
    """The trace of a run that is over, from a few lines of its history.

    Args:
        epochs: those planned.
    """
    fold = _Fold(max(1, epochs))
    try:
        with open_regular(folder / layout.HISTORY, max_bytes=layout.MAX_BYTES[layout.HISTORY]) as descriptor:
            size = os.fstat(descriptor).st_size
            if size <= _WHOLE_BYTES:
                fold.add(parse_history(os.pread(descriptor, size, 0)).records)
                return fold.trace()
            for number in range(POINTS):
                start = max(0, (number + 1) * size // POINTS - _SAMPLE_BYTES)
                lines = os.pread(descriptor, _SAMPLE_BYTES, start).split(b"\n")[:-1]
                fold.add(parse_history(lines[-1] + b"\n").records if lines else ())
    except (FileNotFoundError, DataError, RefusedError):
        return fold.trace()
    trace = fold.trace()
    return Trace(trace.train, trace.validation, trace.epoch)


class TraceFollower:
    """Follows a history that grows; each look reads only what is new.

    Args:
        folder: the run's.
        epochs: those planned.
    """

    def __init__(self, folder: Path, epochs: int) -> None:
        self._path = folder / layout.HISTORY
        self._epochs = max(1, epochs)
        self._fold = _Fold(self._epochs)
        self._read = 0
        self._inode = 0

    def look(self) -> Trace:
        """The trace as far as the history goes now; of a very long one, some megabytes further each time."""
        try:
            with open_regular(self._path, max_bytes=layout.MAX_BYTES[layout.HISTORY]) as descriptor:
                status = os.fstat(descriptor)
                if status.st_size < self._read or status.st_ino != self._inode:
                    self._fold, self._read, self._inode = _Fold(self._epochs), 0, status.st_ino  # it was cut back
                data = os.pread(descriptor, min(_LOOK_BYTES, status.st_size - self._read), self._read)
        except (FileNotFoundError, DataError, RefusedError):
            return self._fold.trace()
        whole = data.rfind(b"\n") + 1
        self._fold.add(parse_history(data[:whole]).records)
        self._read += whole
        return self._fold.trace()
