"""Queued runs that could not even be tried: tried again, but ever more seldom."""

from __future__ import annotations

import time
from dataclasses import dataclass

_FIRST_SECONDS = 2.0
_LONGEST_SECONDS = 300.0  # long enough for a worker that has nothing else to do to leave


@dataclass
class _Refusal:
    reason: str
    delay_seconds: float
    again_at: float


class Refusals:
    """Remembers which runs were refused, why, and when they may be tried again."""

    def __init__(self) -> None:
        self._refusals: dict[str, _Refusal] = {}

    def may_try(self, run_id: str) -> bool:
        refusal = self._refusals.get(run_id)
        return refusal is None or refusal.again_at <= time.monotonic()

    def refused(self, run_id: str, reason: str) -> bool:
        """Note a refusal; whether it is news."""
        before = self._refusals.get(run_id)
        delay = min(before.delay_seconds * 2, _LONGEST_SECONDS) if before else _FIRST_SECONDS
        self._refusals[run_id] = _Refusal(reason, delay, time.monotonic() + delay)
        return before is None or before.reason != reason

    def forget(self, run_id: str) -> None:
        self._refusals.pop(run_id, None)
