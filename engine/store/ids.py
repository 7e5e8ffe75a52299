"""Names of run folders: UTC start and four hex digits, in the order in which the runs were made."""

from __future__ import annotations

import re
import time

from engine.store.chance import random_below

_RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
_STEP = 0x40


def is_run_id(text: str) -> bool:
    """Whether the text is the name of a run folder, and so safe as one."""
    return _RUN_ID.fullmatch(text) is not None


def new_run_id(after: str | None = None) -> str:
    """An id such as `20261123-214933-a1b2`.

    Args:
        after: an id that the new one must sort behind, though both are made in one second, or the clock went back.
    """
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(time.time()))
    if after is None or after[:15] < moment:
        return f"{moment}-{random_below(0x4000):04x}"
    number = int(after[16:], 16) + 1 + random_below(_STEP)
    if number > 0xFFFF:
        return f"{_next_second(after[:15])}-{random_below(0x4000):04x}"
    return f"{after[:15]}-{number:04x}"


def seconds_of_id(run_id: str) -> int:
    """The second that an id names, since 1970."""
    import calendar

    return calendar.timegm(time.strptime(run_id[:15], "%Y%m%d-%H%M%S"))


def _next_second(moment: str) -> str:
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(seconds_of_id(moment) + 1))
