"""A curve reduced to the columns of dots it is drawn on; new points cost what they are, not what came before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tui.chart.axes import Axis


@dataclass
class _Bucket:
    """What is left of the points of one column of dots, in the order in which they came."""

    dot: int
    first: float
    low: float
    high: float
    last: float
    low_came_first: bool = True
    ends_in_gap: bool = False  # a value that is not finite came in it, or after it


class Buckets:
    """The points of one curve within an axis.

    Args:
        axis: of the epochs or seconds; points beyond it are left out.
        dots: how many columns of dots it has.

    Attributes:
        gaps: columns of dots that hold a value that is not finite.
        dirty: the first column of dots that has changed since it was last set to `dots`.
    """

    def __init__(self, axis: Axis, dots: int) -> None:
        self.axis, self.dots = axis, dots
        self.gaps: list[int] = []
        self.dirty = 0
        self._taken = 0
        self._x = -math.inf
        self._buckets: list[_Bucket] = []

    def __len__(self) -> int:
        return len(self._buckets)

    def extend(self, xs: Sequence[float], ys: Sequence[float], count: int, scale: float = 1.0) -> None:
        """Take the points up to `count` that have not been taken; x must rise, those that do not are left out."""
        low, high, last = self.axis.low, self.axis.high, self.dots - 1
        span = high - low
        for row in range(self._taken, count):
            x = xs[row]
            if not low <= x <= high or x <= self._x:
                continue
            self._x = x
            self._take(round((x - low) / span * last), scale * ys[row])
        self._taken = count

    def _take(self, dot: int, y: float) -> None:
        self.dirty = min(self.dirty, dot)
        bucket = self._buckets[-1] if self._buckets else None
        if not math.isfinite(y):
            if bucket is not None:
                bucket.ends_in_gap = True
            if not self.gaps or self.gaps[-1] != dot:
                self.gaps.append(dot)
        elif bucket is None or bucket.dot != dot:
            self._buckets.append(_Bucket(dot, y, y, y, y))
        else:
            bucket.last = y
            bucket.ends_in_gap = False
            if y < bucket.low:
                bucket.low, bucket.low_came_first = y, False
            elif y > bucket.high:
                bucket.high, bucket.low_came_first = y, True

    def stretches(self, from_dot: int = 0) -> list[list[tuple[int, float]]]:
        """Dots and values to be joined by lines, from the last column at or before `from_dot` on."""
        start = len(self._buckets)
        while start and self._buckets[start - 1].dot >= from_dot:
            start -= 1
        parts: list[list[tuple[int, float]]] = [[]]
        for bucket in self._buckets[max(0, start - 1) :]:
            middle = (bucket.low, bucket.high) if bucket.low_came_first else (bucket.high, bucket.low)
            for y in (bucket.first, *middle, bucket.last):
                if not parts[-1] or parts[-1][-1] != (bucket.dot, y):
                    parts[-1].append((bucket.dot, y))
            if bucket.ends_in_gap:
                parts.append([])
        return [part for part in parts if part]

    def before(self, dot: int) -> int:
        """The last column of dots before this one that holds a point; 0 where none does."""
        return next((bucket.dot for bucket in reversed(self._buckets) if bucket.dot < dot), 0)

    def spans(self) -> list[tuple[int, float, float]]:
        """Each column's dot, its lowest and its highest value."""
        return [(bucket.dot, bucket.low, bucket.high) for bucket in self._buckets]

    def bounds(self) -> tuple[float, float] | None:
        """The lowest and the highest value; None where there is no point."""
        if not self._buckets:
            return None
        return min(bucket.low for bucket in self._buckets), max(bucket.high for bucket in self._buckets)
