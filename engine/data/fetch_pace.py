"""How far a fetch is and how fast, told now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

_TELL_SECONDS = 0.5
_OVER_SECONDS = 5.0


@dataclass(frozen=True)
class FetchNews:
    """How far a fetch is.

    Args:
        done_bytes, total_bytes: of the archive that are here, and in all.
        bytes_per_second: of late; None where that is not known yet.
        trouble: why nothing comes now, and when it is tried again; else empty.
    """

    done_bytes: int
    total_bytes: int
    bytes_per_second: float | None
    trouble: str = ""


class Pace:
    """From every step of a fetch to some news of it.

    Args:
        tell: takes the news, twice a second; of trouble at once.
        clock: seconds, monotonic.
    """

    def __init__(self, tell: Callable[[FetchNews], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock = tell, clock
        self._told = float("-inf")
        self._trouble = ""
        self._marks: list[tuple[float, int]] = []

    def step(self, done: int, total: int, trouble: str) -> None:
        """Bytes that are here now, and in all; and what is in the way."""
        now = self._clock()
        if now - self._told < _TELL_SECONDS and done < total and trouble == self._trouble:
            return
        self._told, self._trouble = now, trouble
        if trouble:
            self._marks = []
            self._tell(FetchNews(done, total, None, trouble))
            return
        if self._marks and done < self._marks[-1][1]:
            self._marks = []  # it began anew
        self._marks.append((now, done))
        while now - self._marks[0][0] > _OVER_SECONDS and len(self._marks) > 2:
            self._marks.pop(0)
        seconds, received = now - self._marks[0][0], done - self._marks[0][1]
        self._tell(FetchNews(done, total, received / seconds if seconds > 0 else None))
