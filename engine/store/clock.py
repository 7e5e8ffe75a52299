"""The time of day as the run folder writes it: for people, and for the order of wishes. Durations are monotonic."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def utc_now(*, milliseconds: bool = False) -> str:
    """`2026-11-23T21:49:33Z`; with milliseconds where wishes of one second must keep their order."""
    return _text(time.time(), milliseconds)


def utc_before(seconds: float) -> str:
    """The time of day so many seconds ago, as `utc_now` writes it with milliseconds."""
    return _text(time.time() - seconds, milliseconds=True)


def _text(seconds: float, milliseconds: bool) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds" if milliseconds else "seconds").replace("+00:00", "Z")
