"""A history as columns of numbers: a fourteenth of the memory of its records, and it only ever grows at its end."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from typing import Any

_SPLITS, _MEASURES, _STATISTICS = ("train", "validation"), ("loss", "accuracy"), ("mean", "p25", "p75")


class Columns:
    """Epochs by column. Rows are appended and never changed: a history that was cut back is another object.

    Args:
        records: epochs to begin with.

    Attributes:
        epochs: int64 `[n]`, as the file has them.
        seconds, elapsed: float64 `[n]`; of each epoch, and up to its end.
        lr: float64 `[n]`.
        best: row of the best epoch so far: highest validation accuracy, then lowest validation loss, then earliest;
            without validation the last; None while there is no epoch.
        lowest_loss: row of the lowest validation loss; None where there is none.
    """

    def __init__(self, records: Iterable[dict[str, Any]] = ()) -> None:
        self.epochs = array("q")
        self.seconds, self.elapsed, self.lr = array("d"), array("d"), array("d")
        self.best: int | None = None
        self.lowest_loss: int | None = None
        self._numbers = {
            (split, measure, statistic): array("d")
            for split in _SPLITS
            for measure in _MEASURES
            for statistic in _STATISTICS
        }
        for record in records:
            self.append(record)

    def __len__(self) -> int:
        return len(self.epochs)

    def values(self, split: str, measure: str, statistic: str = "mean") -> array[float]:
        """float64 `[n]` of `train` or `validation`, `loss` or `accuracy`, `mean`, `p25` or `p75`; NaN is unknown."""
        return self._numbers[split, measure, statistic]

    def append(self, record: dict[str, Any]) -> None:
        """Add an epoch as `docs/run-format.md` describes it."""
        row = len(self.epochs)
        for split in _SPLITS:
            bands = record.get(split) or {}
            for measure in _MEASURES:
                band = bands.get(measure) or {}
                for statistic in _STATISTICS:
                    self._numbers[split, measure, statistic].append(_number(band.get(statistic)))
        seconds = _number(record["seconds"])
        self.seconds.append(seconds)
        before = self.elapsed[-1] if row else 0.0
        self.elapsed.append(before + (seconds if math.isfinite(seconds) else 0.0))
        self.lr.append(_number(record["lr"]))
        self._choose(row)
        self.epochs.append(record["epoch"])  # last: readers of another thread count rows by it

    def records(self) -> Iterator[dict[str, Any]]:
        """The rows as epoch records again."""
        for row, epoch in enumerate(self.epochs):
            splits = {
                split: {
                    measure: {
                        statistic: _or_none(self._numbers[split, measure, statistic][row]) for statistic in _STATISTICS
                    }
                    for measure in _MEASURES
                }
                for split in _SPLITS
            }
            if all(value is None for band in splits["validation"].values() for value in band.values()):
                splits["validation"] = None  # type: ignore[assignment]
            yield {
                "event": "epoch",
                "epoch": epoch,
                "seconds": _or_none(self.seconds[row]),
                "lr": _or_none(self.lr[row]),
                **splits,
            }

    def _choose(self, row: int) -> None:
        accuracies, losses = self.values("validation", "accuracy"), self.values("validation", "loss")
        if math.isfinite(losses[row]) and (self.lowest_loss is None or losses[row] < losses[self.lowest_loss]):
            self.lowest_loss = row
        if not math.isfinite(accuracies[row]):
            if self.best is None or not math.isfinite(accuracies[self.best]):
                self.best = row
        elif self.best is None or _rank(accuracies, losses, row) > _rank(accuracies, losses, self.best):
            self.best = row


def _rank(accuracies: array[float], losses: array[float], row: int) -> tuple[float, float]:
    accuracy, loss = accuracies[row], losses[row]
    return (accuracy if math.isfinite(accuracy) else -math.inf), (-loss if math.isfinite(loss) else -math.inf)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
