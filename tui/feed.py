"""A thread that follows the folder of runs and tells what it finds. It touches no widget; no widget reads a file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from textual.message import Message

from engine.errors import LabError
from engine.store import Run, RunStore, layout
from tui.messages import FeedFailed, RunsRead

LOOK_SECONDS = 0.25
LOOK_AT_ALL_SECONDS = 5.0


class Feed:
    """Reads everything when something changed, and now and then; between, only the runs that live.

    Args:
        tell: takes each message; called from the feed's thread.
    """

    def __init__(self, store: RunStore, tell: Callable[[Message], object]) -> None:
        self._store, self._tell = store, tell
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="feed", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()

    def look_now(self) -> None:
        """Do not wait for the next look."""
        self._wake.set()

    def _follow(self) -> None:
        runs: Sequence[Run] = ()
        seen: float | None = None
        looked = float("-inf")
        while not self._stop.is_set():
            change, now = self._change(), time.monotonic()
            try:
                if change != seen or now - looked >= LOOK_AT_ALL_SECONDS:
                    runs = self._store.runs()
                    seen, looked = change, now
                    self._tell(RunsRead(runs))
                elif any(run.is_alive for run in runs):
                    runs = [run.reload() if run.is_alive else run for run in runs]
                    self._tell(RunsRead(runs))
            except LabError as error:
                self._tell(FeedFailed(error.message))
                looked = now
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()

    def _change(self) -> float | None:
        try:
            return (self._store.root / layout.CHANGED).stat().st_mtime
        except OSError:
            return None
