"""How long a lane may take to grant a stop, before it is taken to hang: in a driver, or because somebody froze it."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import suppress

from engine.errors import LabError
from engine.store import RunStore, layout
from engine.store.requests import is_stop_waiting

WAKE_SECONDS = 1.0  # then one that somebody stopped is woken, to hear of it
ANSWER_SECONDS = 60.0  # while it trains, it looks at requests several times a second
LONG_SECONDS = 600.0  # while it starts, or is evaluated, it does not


class StopWatch:
    """Finds runs whose stop is not granted."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._asked: dict[str, float] = {}  # runs whose stop is not granted yet -> since when

    def overdue(self, under_way: Collection[str]) -> list[str]:
        """Of these runs, those that were asked to stop too long ago."""
        waiting = [run_id for run_id in under_way if is_stop_waiting(self._store.root / run_id)]
        now = time.monotonic()
        self._asked = {run_id: self._asked.get(run_id, now) for run_id in waiting}
        return [run_id for run_id, since in self._asked.items() if now - since > self._patience(run_id, now - since)]

    def late(self) -> list[str]:
        """Of those last looked at, the ones that did not grant a stop at once."""
        now = time.monotonic()
        return [run_id for run_id, since in self._asked.items() if now - since > WAKE_SECONDS]

    def _patience(self, run_id: str, waited: float) -> float:
        if waited <= ANSWER_SECONDS:
            return ANSWER_SECONDS
        with suppress(LabError):
            if self._store.get(run_id).document.get("state") in layout.BUSY:
                return LONG_SECONDS
        return ANSWER_SECONDS
