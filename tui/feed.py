"""A thread that follows the folder of runs and tells what it finds. It touches no widget; no widget reads a file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from typing import Any

from textual.message import Message

from engine.errors import LabError, RequestError
from engine.store import History, Run, RunStore, layout
from engine.store.tail import HistoryTail
from tui.messages import RunsRead, Seen
from tui.traces import TraceReader

LOOK_SECONDS = 0.25
LOOK_AT_ALL_SECONDS = 5.0
_FIRST_RUNS = 128  # more than a screenful; the rest comes behind them
_VIEW_SECONDS = 0.5  # until what is looked at is known
_LOAD_SECONDS = 0.3  # between two tellings while the rest is read
_IDLE_SHARE, _BUSY_SHARE = 1 / 250, 1 / 20  # of the time, for looking at everything: by the clock, after a change


class Feed:
    """Looks at everything when something changed, and now and then; between, only at the runs that live.

    Args:
        tell: takes each message; called from the feed's thread.
    """

    def __init__(self, store: RunStore, tell: Callable[[Message], object]) -> None:
        self._store, self._tell = store, tell
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._is_asked = False
        self._thread = threading.Thread(target=self._follow, name="feed", daemon=True)
        self._followed: tuple[str, ...] = ()  # whose histories are wanted; set by the UI's thread
        self._traced: tuple[Run, ...] = ()  # whose traces are wanted; set by the UI's thread
        self._tails: dict[str, HistoryTail] = {}
        self._traces = TraceReader()
        self._seen = Seen()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()

    def look_now(self) -> None:
        """Look at everything, and do not wait for the next look."""
        self._is_asked = True
        self._wake.set()

    def follow_histories(self, run_ids: Collection[str]) -> None:
        """From now on read the histories of these runs, and of no others."""
        if tuple(run_ids) != self._followed:
            self._followed = tuple(run_ids)
            self._wake.set()

    def follow_traces(self, runs: Collection[Run]) -> None:
        """From now on read the coarse curves of these runs, and of those that live."""
        self._traced = tuple(runs)
        self._wake.set()

    def _follow(self) -> None:
        changed: int | None = None
        looked = cost = float("-inf")
        while not self._stop.is_set():
            change, now = self._change(), time.monotonic()
            waited = now - looked
            is_due = waited >= max(LOOK_AT_ALL_SECONDS, cost / _IDLE_SHARE)
            is_new = change != changed and waited >= cost / _BUSY_SHARE
            if is_due or is_new or self._is_asked or not self._seen.is_whole:
                self._is_asked, changed, looked = False, change, now
                self._look_at_all()
                cost = time.monotonic() - now
            else:
                self._look_at_live()
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()

    def _look_at_all(self) -> None:
        try:
            runs = self._store.refresh(self._seen.runs) if self._seen.is_whole else self._load()
            trouble = ""
        except LabError as error:
            runs, trouble = [], error.message
        self._tell_if_new(self._with(runs, is_whole=True, trouble=trouble, read_only=self._why_read_only()))

    def _load(self) -> list[Run]:
        """Every run, told of as soon as a screenful is there."""
        runs: list[Run] = []
        told = time.monotonic()
        for run in self._store.iter_runs():
            runs.append(run)
            if len(runs) == _FIRST_RUNS:
                self._tell_if_new(self._with(runs, is_whole=False))
                self._wake.wait(_VIEW_SECONDS)  # somebody looks: what he sees comes before the rest
                self._wake.clear()
                self._tell_if_new(self._with_followed(self._seen))
            elif len(runs) > _FIRST_RUNS and time.monotonic() - told > _LOAD_SECONDS:
                self._tell_if_new(self._with(runs, is_whole=False))
                told = time.monotonic()
            if self._stop.is_set():
                break
        return runs

    def _look_at_live(self) -> None:
        """Only at the runs that live, and at what is followed."""
        again = {run.id: _refreshed(run) for run in self._seen.live}
        seen = self._seen
        if any(again[run.id] is not run for run in seen.live):
            seen = self._with([again.get(run.id, run) for run in seen.runs])
        self._tell_if_new(self._with_followed(seen))

    def _with(self, runs: list[Run], **change: Any) -> Seen:
        live = tuple(run for run in runs if run.is_alive)
        for run in live:
            run.progress()
        told: dict[str, Any] = {
            "waiting": sum(run.state == layout.QUEUED for run in runs),
            "phase_began": {run.id: _phase_began(run) for run in live if run.state == "starting"},
        }
        seen = replace(self._seen, runs=tuple(runs), live=live, **told, **change)
        return self._with_followed(seen)

    def _with_followed(self, seen: Seen) -> Seen:
        wanted = {run.id: run for run in (*self._traced, *seen.live)}
        self._traces.look(wanted.values())
        return replace(seen, traces=self._traces.traces, histories=self._histories())

    def _histories(self) -> dict[str, History]:
        """The histories that are wanted; one that has not grown is the same object."""
        folder = self._store.root
        self._tails = {run_id: self._tails.get(run_id) or HistoryTail(folder / run_id) for run_id in self._followed}
        return {run_id: tail.look() for run_id, tail in self._tails.items()}

    def _tell_if_new(self, seen: Seen) -> None:
        before, self._seen = self._seen, seen
        same_runs = before.runs is seen.runs
        if not same_runs and len(before.runs) == len(seen.runs) and all(map(_is_same, before.runs, seen.runs)):
            same_runs = True
            self._seen = seen = replace(seen, runs=before.runs)  # nobody need look at ten thousand runs again
        same_histories = before.histories.keys() == seen.histories.keys() and all(
            before.histories[run_id] is history for run_id, history in seen.histories.items()
        )
        rest = (before.traces is seen.traces, before.trouble == seen.trouble, before.read_only == seen.read_only)
        if not (same_runs and same_histories and all(rest) and before.is_whole == seen.is_whole):
            self._tell(RunsRead(seen))

    def _why_read_only(self) -> str:
        try:
            self._store.check_writable()
        except RequestError:
            return ""  # it cannot be read either, and that is said
        except LabError as error:
            return error.message
        return ""

    def _change(self) -> int | None:
        try:
            return (self._store.root / layout.CHANGED).stat().st_mtime_ns
        except OSError:
            return None


def _is_same(one: Run, other: Run) -> bool:
    return one is other


def _phase_began(run: Run) -> float:
    """Its progress is written once a phase, when the phase begins; before the first, when it was made."""
    for name in (layout.PROGRESS, layout.RUN):
        with suppress(OSError):
            return (run.path / name).stat().st_mtime
    return time.time()


def _refreshed(run: Run) -> Run:
    """A live run as it is now; the same object where nothing is new."""
    again = run.reload()
    is_same = again.document == run.document and again.state == run.state and again.progress() == run.progress()
    is_same = is_same and again.phases() == run.phases() and again.fetch() == run.fetch()
    return run if is_same else again
