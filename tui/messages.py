"""What the feed and the threads tell the app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from textual.message import Message

from engine.store import History, Run
from engine.store.trace import Trace


@dataclass(frozen=True)
class Seen:
    """The folder of runs as it is now, with everything that a screen asks of it already read.

    Args:
        runs: newest first; those that did not change are the same objects as before.
        live: those of them that somebody executes, their progress read.
        waiting: how many are queued.
        is_whole: False while older runs are still being read.
        histories, traces: of the runs that are followed, by id.
        phase_began: of the runs that start, by id, when their present phase began: seconds since 1970.
        read_only: why nothing can be written here; empty where it can.
        trouble: why the folder cannot be read; empty where it can.
    """

    runs: tuple[Run, ...] = ()
    live: tuple[Run, ...] = ()
    waiting: int = 0
    is_whole: bool = False
    histories: Mapping[str, History] = field(default_factory=dict)
    traces: Mapping[str, Trace] = field(default_factory=dict)
    phase_began: Mapping[str, float] = field(default_factory=dict)
    read_only: str = ""
    trouble: str = ""


class RunsRead(Message):
    """The folder was looked at, and something is new. A newer one replaces one that still waits."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RunsRead)


class Told(Message):
    """One line for the status: how an act ended, or why something cannot be."""

    def __init__(self, text: str, *, is_error: bool = False, details: str = "", copies: str = "") -> None:
        super().__init__()
        self.text, self.is_error, self.details, self.copies = text, is_error, details, copies
