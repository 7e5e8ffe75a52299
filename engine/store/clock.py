"""The time of day as the run folder writes it: for people, and for the order of wishes. Durations are monotonic."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def utc_now(*, milliseconds: bool = False) -> str:
    """`2026-11-23T21:49:33Z`; with milliseconds where wishes of one second must keep their order."""
    return utc_text(time.time(), milliseconds=milliseconds)


def utc_text(seconds: float, *, milliseconds: bool = True) -> str:
    """Seconds since 1970 as `utc_now` writes them."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds" if milliseconds else "seconds").replace("+00:00", "Z")
