"""How often something is shown anew: numbers that flicker faster than they are read cost a slow line for nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Callable


class Pace:
    """At most once in so many seconds.

    Args:
        seconds: between two times.
        clock: seconds, monotonic.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._last = -math.inf

    @property
    def left(self) -> float:
        """Seconds until it may be done again; 0: now."""
        return max(0.0, self._last + self._seconds - self._clock())

    def is_due(self, *, now: bool = False) -> bool:
        """Whether it is to be done; if so it counts as done.

        Args:
            now: something has happened that must be seen at once.
        """
        if not now and self.left > 0:
            return False
        self._last = self._clock()
        return True
