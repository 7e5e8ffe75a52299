"""The learning rate as a function of the step: nothing to store, nothing to resume."""

from __future__ import annotations

import math

WARMUP = 0.3
START = 1 / 25
END = 1e-4


def learning_rate(schedule: str, highest: float, step: int, steps: int) -> float:
    """The learning rate of one step.

    Args:
        schedule: `constant`, `cosine` (from `highest` to 0) or `one_cycle` (up for 30 % of the steps, then down).
        highest: the setting `training.lr`.
        step: steps already done, 0 … steps - 1.
        steps: steps of the whole run.

    Source: cosine as in SGDR (Loshchilov & Hutter 2017) without restarts; one cycle as in Smith & Topin 2018
    in the cosine form of torch's `OneCycleLR`, with momentum left alone.
    """
    if schedule == "constant":
        return highest
    if schedule == "cosine":
        return _anneal(highest, 0.0, step / steps)
    warm = WARMUP * steps - 1
    if step <= warm:
        return _anneal(highest * START, highest, step / warm)
    return _anneal(highest, highest * START * END, (step - warm) / max(steps - 1 - warm, 1e-9))


def depends_on_length(schedule: str) -> bool:
    """Whether a longer run has other learning rates from its first step on."""
    return schedule != "constant"


def _anneal(start: float, end: float, fraction: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * fraction))
