"""A running mean that forgets: what a noisy curve does, for the eye. What is read off a chart is never smoothed."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

STRENGTHS = (0.0, 0.6, 0.9, 0.97)


class Smoothed:
    """An exponential moving average without the bias of its start, taken as points come.

    Args:
        strength: weight of the past, in [0, 1); 0 leaves the curve as it is.

    Attributes:
        ys: float64 `[n]`; not finite where the curve is not.

    Source: as TensorBoard smooths (Kingma & Ba 2015, section 3, for the correction of the start).
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self.ys = array("d")
        self._mean = 0.0
        self._weight = 0.0

    def extend(self, ys: Sequence[float], count: int) -> None:
        """Take the points up to `count` that have not been taken."""
        for row in range(len(self.ys), count):
            y = ys[row]
            if not math.isfinite(y):
                self.ys.append(math.nan)
                continue
            self._mean = self.strength * self._mean + (1 - self.strength) * y
            self._weight = self.strength * self._weight + (1 - self.strength)
            self.ys.append(self._mean / self._weight)
