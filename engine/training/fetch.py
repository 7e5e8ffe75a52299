"""What one wait for the device brings, at the end of a chunk of steps: numbers, made into epochs or a failure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.errors import TrainingError
from engine.events import EpochEnded
from engine.training.scores import HostScores, as_record


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


def read_scores(
    ended: list[EndedEpoch],
    seconds: list[float],
    scores: list[HostScores],
    running: tuple[int, HostScores],
    rate: Callable[[int, int], float],
) -> Fetched:
    """What was fetched, as events.

    Args:
        seconds: of each ended epoch.
        scores: of the training split and, where there is one, of the validation split, a row for each ended epoch.
        running: the epoch under way, and one row, its batches so far.
        rate: learning rate of a step of an epoch, both from 1.
    """
    events: list[EpochEnded] = []
    train, *validation = scores
    held_outs = validation[0].summaries() if validation else [[]] * len(ended)
    rows = zip(ended, seconds, train.summaries(), train.first_not_finite(), held_outs, strict=True)
    for row, took, trained, first_wrong, held_out in rows:
        wrong = first_wrong
        if not wrong and held_out and not math.isfinite(held_out[0]):
            wrong = train.losses.shape[1]  # it was the last step that spoilt the weights
        if wrong:
            failure = DivergedError(row.epoch, wrong, rate(row.epoch, wrong), row.epoch - 1)
            return Fetched(events, None, None, failure)
        events.append(EpochEnded(_record(row, took, trained, held_out)))
    epoch, now = running
    ((loss, accuracy),), (wrong,) = now.means().tolist(), now.first_not_finite()
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
