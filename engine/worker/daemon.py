"""The worker: takes queued runs of one device, oldest first, and keeps lanes busy with them. It never imports torch."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType

from engine.errors import ExitCode, LabError
from engine.execution.control import Leave
from engine.format import counted
from engine.machine import missing_gpu, runs_in_process
from engine.store import Run, layout
from engine.store.lock import Lock
from engine.store.sieve import Sieve
from engine.worker.backlog import note_waiting, queued_runs
from engine.worker.behind import BehindFetch
from engine.worker.place import WorkerPlace
from engine.worker.pool import LaneEnded, LanePool
from engine.worker.refusals import Refusals

_LOOK_SECONDS = 0.1
_LOOK_AT_ALL_SECONDS = 5.0  # somebody who does not touch `.changed` is seen by then
_OUTAGE_SECONDS = 3600.0  # of a network: data that could not be fetched are tried again for so long

Say = Callable[[str], None]


class Worker:
    """Serves one device of one folder of runs until there is nothing to do, or somebody wants it to leave.

    Args:
        lanes: runs at once.
        idle_seconds: leave after so long with nothing to do; 0: never.
        say: takes one line of news.
    """

    def __init__(self, place: WorkerPlace, lanes: int, idle_seconds: float, say: Say) -> None:
        self._place, self._store = place, place.store
        self._lanes, self._idle_seconds, self._say = lanes, idle_seconds, say
        self._asked_to_leave = 0  # how often
        self._exit_code = ExitCode.DONE
        self._queued = Sieve(self._store, layout.QUEUED)
        self._refusals = Refusals()
        self._behind = BehindFetch()
        self._is_cut_off = False  # data could not be fetched, and will be tried again
        self._seen_change: int | None = None
        self._looked = float("-inf")

    def serve(self) -> ExitCode:
        """Work; INTERRUPTED after a ctrl-c, else DONE.

        Raises:
            RefusedError: if another worker is at work here.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.leave)
        while True:
            lock = self._place.take(self._lanes)
            try:
                self._serve(lock)
            finally:
                lock.release()
            # whoever queued a run between our last look and the release saw a worker, and started none
            if self._asked_to_leave or not self._has_folder() or not self._next_runs():
                return self._exit_code

    def leave(self, number: int, frame: FrameType | None) -> None:
        """The handler of signals: the first lets runs checkpoint, the second kills them."""
        self._asked_to_leave += 1
        if number == signal.SIGINT:
            self._exit_code = ExitCode.INTERRUPTED

    def _serve(self, lock: Lock) -> None:
        pool = LanePool(self._store, "", self._lanes, runs_in_process(self._place.device, self._lanes))
        self._say(f"serving {self._place.device}, {counted(self._lanes, 'lane')}")
        missing = missing_gpu(self._place.device)
        why = f"{self._place.device} is hardly there: {missing}; see `cnnlab doctor`" if missing else None
        for run in self._next_runs():
            if why or run.document.get("waiting"):
                note_waiting(run, why)  # what kept it from starting was said before there was this worker
        idle_since = time.monotonic()
        try:
            while not self._asked_to_leave and self._has_folder():
                self._feed(pool)
                for ended in pool.poll(_LOOK_SECONDS):
                    self._tell(ended)
                if pool.is_busy:
                    idle_since = time.monotonic()
                elif self._idle_seconds and time.monotonic() - idle_since > self._patience_seconds:
                    self._say("nothing to do: leaving")
                    return
            lock.release()  # a run that is queued from now on starts a worker of its own
            self._say("asked to leave: runs under way checkpoint, and are interrupted; asked again: killed")
        finally:
            pool.leave(Leave.ABANDON)
            pool.close(is_enough=lambda: self._asked_to_leave > 1)

    @property
    def _patience_seconds(self) -> float:
        return max(self._idle_seconds, _OUTAGE_SECONDS) if self._is_cut_off else self._idle_seconds

    def _has_folder(self) -> bool:
        return self._store.root.is_dir()

    def _next_runs(self) -> list[Run]:
        """Queued runs of this device, in order, without those that could not be tried just now."""
        try:
            queued = self._queued.runs()
        except LabError as error:  # the folder cannot be read now
            self._say(error.message)
            return []
        keys = {run: self._behind.key(run) for run in queued_runs(queued, self._place.device)}
        refused = {run for run, key in keys.items() if not self._refusals.may_try(key)}
        self._is_cut_off = any(keys[run] != run.id for run in refused)
        return [run for run in keys if run not in refused]

    def _feed(self, pool: LanePool) -> None:
        """Hand queued runs to free lanes. The folder is looked at only when something changed, and now and then."""
        now = time.monotonic()
        change = self._change()
        due = change != self._seen_change or now - self._looked >= _LOOK_AT_ALL_SECONDS
        if due:
            self._behind.look()
        if not pool.free or not due:
            return
        self._seen_change, self._looked = change, now
        for run in self._next_runs():
            if not pool.free:
                self._looked = float("-inf")  # there is more: look again as soon as a lane is free
                return
            if run.id not in pool.under_way and self._behind.lets_begin(run, pool.under_way):
                pool.add(run)

    def _change(self) -> int | None:
        try:
            return (self._store.root / layout.CHANGED).stat().st_mtime_ns
        except OSError:
            return None

    def _tell(self, ended: LaneEnded) -> None:
        run = Run(self._store.root / ended.run_id)
        if run.state != layout.QUEUED:
            self._refusals.forget(ended.run_id)
            self._say(f"{ended.run_id}: {ended.error or run.state}")
            return
        key = self._behind.key(run)
        if ended.error and self._refusals.refused(key, ended.error):
            self._say(f"{ended.run_id}: {ended.error}")
            if key == run.id:  # why data were not fetched, the run says itself
                note_waiting(run, ended.error)
