"""What the feed tells the app."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from engine.store import Run


class RunsRead(Message):
    """Every run as its folder shows it now, newest first. A newer one replaces one that still waits."""

    def __init__(self, runs: Sequence[Run]) -> None:
        super().__init__()
        self.runs = tuple(runs)

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RunsRead)


class FeedFailed(Message):
    """The folder cannot be read; why."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason
