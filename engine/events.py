"""What training says while it runs: plain data, with no idea of who listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Started:
    """Training begins, or goes on from a checkpoint.

    Args:
        run: the run's id.
        device: where it trains, `cpu` or `cuda:0`.
        threads: CPU threads of this process.
        epochs: how many there will be in all.
        steps_per_epoch: batches in an epoch.
        epoch: epochs already done; 0 for a new run.
        step: steps already done in the epoch after that.
    """

    run: str
    device: str
    threads: int
    epochs: int
    steps_per_epoch: int
    epoch: int = 0
    step: int = 0


@dataclass(frozen=True)
class StepProgress:
    """Where training is, said at the end of a chunk of steps.

    Args:
        epoch: the epoch under way, from 1.
        step: steps done in it.
        loss: mean loss over the steps of this chunk.
        accuracy: mean accuracy over the images of this chunk, in [0, 1].
        seconds: seconds of training so far, over all sittings.
        images_per_second: over this sitting; None before anything was measured.
    """

    epoch: int
    step: int
    loss: float | None
    accuracy: float | None
    seconds: float
    images_per_second: float | None


@dataclass(frozen=True)
class EpochEnded:
    """One epoch is done. `record` is its line of `history.jsonl`."""

    record: dict[str, Any]

    @property
    def epoch(self) -> int:
        return int(self.record["epoch"])


@dataclass(frozen=True)
class Evaluated:
    """The selected weights were scored on one split; `report` is that split's part of `report.json`."""

    split: str
    report: dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """The run is over: its state, its summary, and the failure if there was one."""

    state: str
    summary: dict[str, Any] | None = None
    failure: dict[str, Any] | None = None


Event = Started | StepProgress | EpochEnded | Evaluated | Ended
