"""Whether a run still shows signs of life, by the reader's own clock: other hosts' clocks, and file times, may lie."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from engine.store import layout
from engine.store.run import Run

STILL_SECONDS = 60.0
BUSY_SECONDS = 600.0
_LOOK_SECONDS = 0.5


class Pulse:
    """Watches the heartbeat of one run.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: tuple[Any, ...] | None = None
        self._heard = clock()

    def silent_seconds(self, run: Run) -> float:
        """Since when nothing has changed; 0 for a run that has no heartbeat now, as while it starts."""
        beat = _signs(run)
        if beat != self._last or run.state in layout.BUSY or not run.is_alive:
            self._last, self._heard = beat, self._clock()
        return self._clock() - self._heard


def stands_still(
    run: Run, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> bool:
    """Watch a run until it moves, or for a minute, of one that starts or is evaluated ten; whether it did not."""
    run = run.reload()
    before, began = _signs(run), clock()
    patience = BUSY_SECONDS if run.state in layout.BUSY else STILL_SECONDS
    while clock() - began < patience:
        sleep(_LOOK_SECONDS)
        run = run.reload()
        if not run.is_doubtful or _signs(run) != before:
            return False
    return True


def _signs(run: Run) -> tuple[Any, ...]:
    progress = run.progress() or {}
    return run.state, progress.get("heartbeat"), progress.get("step"), len(run.phases())
