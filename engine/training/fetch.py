"""What one wait for the device brings, at the end of a chunk of steps: numbers, made into epochs or a failure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.errors import TrainingError
from engine.events import EpochEnded
from engine.training.scores import COLUMNS, as_record


class DivergedError(TrainingError):
    """The loss is not finite any more."""

    def __init__(self, epoch: int, step: int, lr: float, last_good_epoch: int) -> None:
        self.epoch, self.step, self.lr, self.last_good_epoch = epoch, step, lr, last_good_epoch
        super().__init__(
            f"the loss is not finite: epoch {epoch}, step {step}, lr {lr:g}; "
            f"last good epoch {last_good_epoch}; try a lower lr (training.lr)"
        )


@dataclass(frozen=True)
class EndedEpoch:
    """What the host knows of an epoch that ended in a chunk.

    Args:
        steps: those of it that were in this chunk.
        lr: of its last step.
    """

    epoch: int
    steps: int
    lr: float


@dataclass(frozen=True)
class Fetched:
    """The epochs that ended well, the scores of the epoch under way, and what went wrong."""

    ended: list[EpochEnded]
    loss: float | None
    accuracy: float | None
    failure: DivergedError | None


def read_numbers(
    ended: list[EndedEpoch],
    seconds: list[float],
    numbers: list[float],
    running: tuple[int, int],
    rate: Callable[[int, int], float],
) -> Fetched:
    """Numbers of the device into events.

    Args:
        seconds: of each ended epoch.
        numbers: a row for each ended epoch (train `[6]`, its first step that is not finite, validation `[6]` if there
            is one), then of the epoch under way the loss, the accuracy, and its first step that is not finite.
        running: the epoch under way, and steps in an epoch.
        rate: learning rate of a step of an epoch, both from 1.
    """
    epoch, steps = running
    rows = numbers[:-3]
    width = len(rows) // len(ended) if ended else 0
    events: list[EpochEnded] = []
    for position, (row, took) in enumerate(zip(ended, seconds, strict=True)):
        columns = rows[position * width : (position + 1) * width]
        train, wrong, validation = columns[:COLUMNS], int(columns[COLUMNS]), columns[COLUMNS + 1 :]
        if not wrong and validation and not math.isfinite(validation[0]):
            wrong = steps  # it was the last step that spoilt the weights
        if wrong:
            failure = DivergedError(row.epoch, wrong, rate(row.epoch, wrong), row.epoch - 1)
            return Fetched(events, None, None, failure)
        events.append(EpochEnded(_record(row, took, train, validation)))
    loss, accuracy, wrong_now = numbers[-3:]
    wrong = int(wrong_now)
    failure_now = DivergedError(epoch, wrong, rate(epoch, wrong), epoch - 1) if wrong else None
    return Fetched(events, loss, accuracy, failure_now)


def _record(row: EndedEpoch, seconds: float, train: list[float], validation: list[float]) -> dict[str, Any]:
    return {
        "event": "epoch",
        "epoch": row.epoch,
        "seconds": round(seconds, 6),
        "lr": row.lr,
        "train": as_record(train),
        "validation": as_record(validation) if validation else None,
    }
