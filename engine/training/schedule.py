"""The learning rate as a function of the step: nothing to store, nothing to resume."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.experiment import TrainingSettings
from engine.training.position import Position

WARMUP = 0.3
START = 1 / 25
END = 1e-4


def learning_rate(schedule: str, highest: float, step: int, steps: int, warmup: float = 0.0) -> float:
    """The learning rate of one step.

    Args:
        schedule: `constant`, `cosine` (from `highest` to 0) or `one_cycle` (up for 30 % of the steps, then down).
        highest: the setting `training.lr`.
        step: steps already done, 0 … steps - 1.
        steps: steps of the whole run.
        warmup: for `constant` and `cosine`, the share of the steps in which it first rises in equal parts.

    Source: cosine as in SGDR (Loshchilov & Hutter 2017) without restarts; one cycle as in Smith & Topin 2018
    in the cosine form of torch's `OneCycleLR`, with momentum left alone.
    """
    rising = warmup * steps
    if step < rising:
        return highest * (step + 1) / (rising + 1)
    if schedule == "constant":
        return highest
    if schedule == "cosine":
        return _anneal(highest, 0.0, (step - rising) / (steps - rising))
    warm = WARMUP * steps - 1
    if step <= warm:
        return _anneal(highest * START, highest, step / warm)
    return _anneal(highest, highest * START * END, (step - warm) / max(steps - 1 - warm, 1e-9))


def depends_on_length(settings: TrainingSettings) -> bool:
    """Whether a longer run has other learning rates from its first step on."""
    return settings.schedule != "constant" or settings.warmup > 0


def _anneal(start: float, end: float, fraction: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * fraction))


class RateTable:
    """The learning rates of the steps to come, on the device.

    Args:
        settings: schedule and highest rate.
        steps: steps of the whole run.
    """

    STEPS = 4096  # at most so many steps a chunk

    def __init__(self, settings: TrainingSettings, steps: int, device: torch.device) -> None:
        self._settings, self._steps = settings, steps
        self._rates = torch.zeros(self.STEPS, device=device)
        self._covered = range(0)

    def rate(self, step: int) -> float:
        """Of one step of the run, from 0."""
        settings = self._settings
        return learning_rate(settings.schedule, settings.lr, step, self._steps, settings.warmup)

    def cover(self, first: int, count: int) -> int:
        """See that the rates of `count` steps are there, at most `STEPS`; where in the table the first one is."""
        last = min(first + count, self._steps) - 1
        if first not in self._covered or last not in self._covered:
            self._covered = range(first, min(first + self.STEPS, self._steps))
            self._rates[: len(self._covered)].copy_(torch.tensor([self.rate(step) for step in self._covered]))
        return self._covered.index(first)

    def select(self, position: Position, out: Tensor) -> None:
        """The rate of the step under way into `out`, float32 `[1]`."""
        torch.index_select(self._rates, 0, position.rate, out=out)
