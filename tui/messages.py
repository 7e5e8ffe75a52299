"""What the feed and the threads tell the app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.message import Message

from engine.store import History, Run


class RunsRead(Message):
    """Every run as its folder shows it now, newest first. A newer one replaces one that still waits."""

    def __init__(self, runs: Sequence[Run]) -> None:
        super().__init__()
        self.runs = tuple(runs)

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RunsRead)


class HistoriesRead(Message):
    """The histories that somebody looks at, by run id."""

    def __init__(self, histories: Mapping[str, History]) -> None:
        super().__init__()
        self.histories = dict(histories)

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, HistoriesRead)


class Told(Message):
    """One line for the status: how an act ended, or why something cannot be."""

    def __init__(self, text: str, *, is_error: bool = False, details: str = "") -> None:
        super().__init__()
        self.text, self.is_error, self.details = text, is_error, details
