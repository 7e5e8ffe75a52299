"""The time of day as the run folder writes it: for people, and for the order of wishes. Durations are monotonic."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def utc_now(*, milliseconds: bool = False) -> str:
    """`2026-11-23T21:49:33Z`; with milliseconds where wishes of one second must keep their order."""
    moment = datetime.fromtimestamp(time.time(), UTC)
    return moment.isoformat(timespec="milliseconds" if milliseconds else "seconds").replace("+00:00", "Z")
