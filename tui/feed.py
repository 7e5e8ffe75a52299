"""A thread that follows the folder of runs and tells what it finds. It touches no widget; no widget reads a file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence

from textual.message import Message

from engine.errors import LabError
from engine.store import History, Run, RunStore, layout
from engine.store.tail import HistoryTail
from tui.messages import HistoriesRead, RunsRead, Told

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
        self._followed: tuple[str, ...] = ()  # whose histories are wanted; set by the UI's thread
        self._tails: dict[str, HistoryTail] = {}
        self._histories: dict[str, History] = {}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()

    def look_now(self) -> None:
        """Do not wait for the next look."""
        self._wake.set()

    def follow_histories(self, run_ids: Collection[str]) -> None:
        """From now on read the histories of these runs, and of no others."""
        if tuple(run_ids) != self._followed:
            self._followed = tuple(run_ids)
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
                    self._tell_runs(runs)
                elif any(run.is_alive for run in runs):
                    runs = [run.reload() if run.is_alive else run for run in runs]
                    self._tell_runs(runs)
                self._read_histories()
            except LabError as error:
                self._tell(Told(error.message, is_error=True))
                looked = now
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()

    def _tell_runs(self, runs: Sequence[Run]) -> None:
        """Runs with everything that a screen asks of them already read."""
        for run in runs:
            if run.is_alive:
                run.progress()
        self._tell(RunsRead(runs))

    def _read_histories(self) -> None:
        followed = self._followed
        self._tails = {run_id: self._tails.get(run_id) or self._tail(run_id) for run_id in followed}
        histories = {run_id: tail.look() for run_id, tail in self._tails.items()}
        if histories != self._histories:
            self._histories = histories
            self._tell(HistoriesRead(histories))

    def _tail(self, run_id: str) -> HistoryTail:
        return HistoryTail(self._store.get(run_id).path)

    def _change(self) -> float | None:
        try:
            return (self._store.root / layout.CHANGED).stat().st_mtime
        except OSError:
            return None
