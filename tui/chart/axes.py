"""An axis: from a value to its place, with round ends that move in steps, so that a picture holds still."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_DECADES = (1.0, 2.0, 5.0)
_LEAST, _MOST = 1e-12, 1e300  # losses beyond are drawn at the axis's ends: floats have no round numbers there


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, both finite, `low < high`; of a logarithmic one both are above 0."""

    low: float
    high: float
    is_log: bool = False

    def share(self, value: float) -> float:
        """Where a finite value lies: 0 at `low`, 1 at `high`; beyond them the nearer end."""
        if value <= self.low:
            return 0.0
        if value >= self.high:
            return 1.0
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def value(self, share: float) -> float:
        """What lies at a share: the inverse of `share`."""
        if self.is_log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + share * (self.high - self.low)

    def dot(self, value: float, dots: int) -> int:
        """Which of `dots` places a finite value falls into, from 0."""
        return round(self.share(value) * (dots - 1))

    def ticks(self, most: int) -> list[float]:
        """At most `most` round values on the axis, rising; at least one."""
        most = max(1, most)
        if self.is_log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            decades = [10.0**power for power in powers]
            for factors in (_DECADES, (1.0, 3.0), (1.0,)):
                found = [f * d for d in decades for f in factors if self.low * 0.999 <= f * d <= self.high * 1.001]
                if len(found) <= most:
                    break
            return found[:: max(1, math.ceil(len(found) / most))] or [self.low]
        step = nice_step((self.high - self.low) / most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        while last - first + 1 > most:
            step = nice_step(step * 1.01)
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)] or [self.low]


def nice_step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `least`."""
    size = 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0
    return next(size * factor for factor in (1, 2, 2.5, 5, 10, 20) if size * factor >= least * (1 - 1e-9))


def stepped(value: float) -> float:
    """The next round number that is not below: an axis that moves in steps."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(size * factor for factor in _ROUND if size * factor >= value * (1 - 1e-9))


def end_of(needed: float, before: float | None) -> float:
    """The end of an axis that must reach `needed`: as before, while that is neither too short nor much too long."""
    if before is not None and needed <= before <= 2 * needed:
        return before
    return stepped(needed)


def loss_axis(values: Iterable[float], *, is_log: bool, is_near: bool) -> Axis:
    """An axis for these losses; values that are not finite do not count.

    Args:
        is_log: logarithmic, as far as losses are above 0.
        is_near: as close as the values allow, instead of from 0.
    """
    known = [min(value, _MOST) for value in values if math.isfinite(value) and (value > 0 or not is_log)]
    if not known:
        return Axis(0.1, 1.0, True) if is_log else Axis(0.0, 1.0)
    low, high = min(known), max(known)
    if is_log:
        low, high = max(low, _LEAST), max(high, _LEAST)
        bottom = 10.0 ** math.floor(math.log10(low))
        low = max(f * bottom for f in _DECADES if f * bottom <= low * (1 + 1e-9))
        top = stepped(high)
        return Axis(low, top if top > low * 1.5 else low * 2, True)
    return _near(low, high) if is_near else Axis(0.0, stepped(max(high, 1e-6)))


def percent_axis(values: Iterable[float], *, is_near: bool) -> Axis:
    """An axis for accuracies in percent: between multiples of 20, or closer where `is_near`."""
    known = [min(100.0, max(0.0, value)) for value in values if math.isfinite(value)]
    if not known:
        return Axis(0.0, 100.0)
    low, high = min(known), max(known)
    if is_near:
        axis = _near(low, high)
        return Axis(axis.low, min(100.0, axis.high)) if axis.low < 100 else Axis(90.0, 100.0)
    bottom, top = 20.0 * math.floor(low / 20), 20.0 * math.ceil(high / 20)
    return Axis(bottom, top) if bottom < top else Axis(max(0.0, bottom - 20), max(20.0, top))


def _near(low: float, high: float) -> Axis:
    """Round ends around the values, never below 0, never a span of nothing."""
    step = nice_step(max((high - low) / 4, abs(high) * 1e-3, 1e-6))
    bottom, top = max(0.0, step * math.floor(low / step)), step * math.ceil(high / step)
    return Axis(bottom, top if top > bottom else bottom + step)
