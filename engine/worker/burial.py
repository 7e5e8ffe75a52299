"""What is put on record of a run whose lane's process died with it in hand."""

from __future__ import annotations

import signal
from pathlib import Path

from engine.errors import LabError
from engine.format import counted
from engine.machine import count_memory_kills, memory_limit
from engine.store import RunStore, layout
from engine.store.files import read_file
from engine.worker.lane_process import LaneProcess

# Somebody ended the process, or the machine did at shutdown; the run did nothing wrong, and can go on: interrupted.
_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_TAIL_BYTES = 4000
_LOG_BYTES = 64 << 20
_MIB = 1 << 20


def bury(store: RunStore, lane: LaneProcess, run_id: str, beside: int = 0) -> str:
    """Say on a run what killed its lane: `failed`, or `interrupted` where that is no fault of its own.

    Args:
        beside: how many other runs the lane had begun, too.

    Returns:
        The reason, in a line.
    """
    code, ending = int(lane.process.returncode), lane.ending
    is_failed = -code not in _FROM_OUTSIDE
    kind, reason = "died", ""
    if ending:
        reason, is_failed = ending.words(run_id), is_failed and ending.cause in (None, run_id)
    elif code < 0:
        kind, reason = _signal_words(-code, lane.memory_kills)
    newest = store.root / next(reversed(lane.tasks)) / layout.LOG  # what the process printed is there
    reason = reason or _last_words(lane, newest, code)
    if is_failed and beside and not ending:  # to blame them all would keep those from going on that did nothing
        others = f"{counted(beside, 'other run')} in its process"
        reason, is_failed = f"{reason}, with {others}: which of them did it is not known", False
    try:
        with store.get(run_id).own() as owner:
            over = {"state": "failed"} if is_failed else {}
            owner.update(failure={"kind": kind, "reason": reason}, **over)
            owner.log(lane.said)
    except (LabError, OSError) as error:
        return f"{reason}; {error}"
    return reason


def _signal_words(number: int, kills_before: int | None) -> tuple[str, str]:
    """The kind of failure, and the reason."""
    reason = f"killed by {signal_name(number)}"
    if number != signal.SIGKILL:
        return "died", reason
    kills = count_memory_kills()
    if kills is None or kills_before is None or kills <= kills_before:
        return "died", f"{reason}, maybe out of memory"
    limit = memory_limit()
    within = f": the limit of its control group is {limit // _MIB:,} MiB" if limit else ""
    return "out of memory", f"{reason}, out of memory{within}; try a smaller batch or network, or fewer lanes"


def signal_name(number: int) -> str:
    """`SIGSEGV`; a real-time signal is `signal 40`."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_words(lane: LaneProcess, log: Path, code: int) -> str:
    said = lane.said or _tail(log)
    return (said.strip().splitlines() or [f"the training process ended with exit code {code}"])[-1]


def _tail(log: Path) -> str:
    try:
        return read_file(log, max_bytes=_LOG_BYTES)[-_TAIL_BYTES:].decode(errors="replace")
    except (OSError, LabError):
        return ""
