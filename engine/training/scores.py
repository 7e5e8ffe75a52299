"""Loss and accuracy of every batch of an epoch: kept on the device until somebody asks, summed up on the host."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

COLUMNS = 6
_ROWS = 256  # at most so many epochs a chunk
_NUMBERS = 1 << 20  # at most so many numbers a table, where an epoch has very many batches


class BatchScores:
    """Mean loss and correct images of each batch of one pass over a split.

    Args:
        sizes: float64 `[S]`, images in each batch.

    Attributes:
        losses, correct: float32 and int64 `[S]`, on the device.
    """

    def __init__(self, sizes: Tensor) -> None:
        self.sizes = sizes
        self.losses = torch.zeros(len(sizes), dtype=torch.float32, device=sizes.device)
        self.correct = torch.zeros(len(sizes), dtype=torch.int64, device=sizes.device)
        self._numbers = torch.arange(len(sizes), device=sizes.device)
        self._images = sizes.sum()

    def record(self, step: Tensor, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Batch `step` (int64 `[1]`, from 0): its mean loss (scalar), logits `[B, K]` and labels `[B]`."""
        # a comparison and two choices: writing at an index is many kernels where algorithms must be deterministic
        here = self._numbers == step
        correct = (logits.argmax(1) == labels).sum()
        torch.where(here, loss, self.losses, out=self.losses)
        torch.where(here, correct, self.correct, out=self.correct)

    def mean_loss(self) -> Tensor:
        """float64 scalar on the device, over images."""
        return (self.losses * self.sizes).sum() / self._images


@dataclass(frozen=True)
class HostScores:
    """Scores that have been fetched.

    Args:
        losses: float64 `[E, S]`, a row an epoch.
        correct: float64 `[E, S]`, whole numbers.
        sizes: float64 `[S]`, images in each batch.
    """

    losses: NDArray[np.float64]
    correct: NDArray[np.float64]
    sizes: NDArray[np.float64]

    def means(self) -> NDArray[np.float64]:
        """`[E, 2]`: loss and accuracy over images. A row's numbers do not depend on the other rows."""
        images = self.sizes.sum()
        with np.errstate(invalid="ignore"):
            # summed up one after another: how a plain sum is ordered depends on the shape of the whole
            means = [np.cumsum(values, 1)[:, -1] / images for values in (self.losses * self.sizes, self.correct)]
        return np.stack(means, 1)

    def summaries(self) -> list[list[float]]:
        """Of each row: loss mean, 25 %, 75 %; accuracy mean, 25 %, 75 %. Means over images, bands over batches."""
        means = self.means()
        with np.errstate(invalid="ignore"):  # between two infinite losses
            bands = [_quartiles(values) for values in (self.losses, self.correct / self.sizes)]
        columns = [part for number in (0, 1) for part in (means[:, number], *bands[number])]
        summaries: list[list[float]] = np.stack(columns, 1).tolist()
        return summaries

    def first_not_finite(self) -> list[int]:
        """Of each row: the first batch whose loss is not finite, from 1; 0 if there is none."""
        wrong = ~np.isfinite(self.losses)
        first = np.where(wrong.any(1), wrong.argmax(1) + 1, 0) if wrong.shape[1] else np.zeros(len(wrong), dtype=int)
        numbers: list[int] = first.tolist()
        return numbers


class EpochTable:
    """What the epochs that ended in one chunk of steps left behind, a row each, until the chunk ends.

    Args:
        train: of the epoch under way.
        validation: of the last pass over the validation split; None: there is none.
    """

    def __init__(self, train: BatchScores, validation: BatchScores | None) -> None:
        self._train = train
        splits = [train] if validation is None else [train, validation]
        self._scores = [tensor for split in splits for tensor in (split.losses, split.correct)]
        self._sizes = [split.sizes.cpu().numpy() for split in splits]
        width = sum(len(tensor) for tensor in self._scores)
        self.rows = max(1, min(_ROWS, _NUMBERS // width))
        self.tensors = [tensor.new_zeros(self.rows, len(tensor)) for tensor in self._scores]
        self._numbers = torch.arange(self.rows, device=train.losses.device)[:, None]

    def record(self, row: Tensor, split: BatchScores) -> None:
        """The scores of a split as they are now into row `row` (int64 `[1]`, from 0)."""
        here = self._numbers == row
        for table, scores in zip(self.tensors, self._scores, strict=True):
            if scores is split.losses or scores is split.correct:
                torch.where(here, scores, table, out=table)

    def fetch(self, epochs: int, steps: int) -> tuple[list[HostScores], HostScores]:
        """The only wait for the device of a chunk.

        Args:
            epochs: that ended in it.
            steps: batches of the epoch under way that are done.

        Returns:
            Of the training split and, where there is one, of the validation split: a row for each of these epochs;
            and one row of the batches of the epoch under way.
        """
        now = [self._train.losses[None, :steps], self._train.correct[None, :steps]]
        parts = [*(table[:epochs] for table in self.tensors), *now]
        numbers = torch.cat([part.flatten().double() for part in parts]).cpu().numpy()
        places = np.cumsum([part.numel() for part in parts])[:-1]
        arrays = [array.reshape(part.shape) for array, part in zip(np.split(numbers, places), parts, strict=True)]
        sizes = [*self._sizes, self._sizes[0][:steps]]
        *ended, running = map(HostScores, arrays[::2], arrays[1::2], sizes)
        return ended, running


def _quartiles(values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """`[E, S] -> 2 x [E]`: the 25th and the 75th percentile of each row, between two values by their distance."""
    ordered = np.sort(values, 1)
    found = []
    for share in (0.25, 0.75):
        place = share * (values.shape[1] - 1)
        below, above = ordered[:, math.floor(place)], ordered[:, math.ceil(place)]
        found.append(below + (above - below) * (place % 1))
    return found


def as_record(columns: list[float]) -> dict[str, dict[str, float]]:
    """Six columns of `summaries` as the history writes them."""
    names = ("mean", "p25", "p75")
    return {
        "loss": dict(zip(names, columns[:3], strict=True)),
        "accuracy": dict(zip(names, columns[3:], strict=True)),
    }
