"""The worker: takes queued runs of one device, oldest first, and keeps lanes busy with them. It never imports torch."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType

from engine.errors import LabError
from engine.execution.control import Leave
from engine.store import layout
from engine.worker.backlog import queued_runs
from engine.worker.place import WorkerPlace
from engine.worker.pool import LanePool

_LOOK_SECONDS = 0.1
_LOOK_AT_ALL_SECONDS = 2.0
ANSWER_SECONDS = 60.0  # a lane that has not granted a stop by then hangs

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
        self._leaving = False
        self._seen_change: float | None = None
        self._looked = float("-inf")
        self._refused: dict[str, float] = {}  # runs that could not be tried -> when to look at them again
        self._asked: dict[str, float] = {}  # runs whose stop is not granted yet -> since when

    def serve(self) -> None:
        """Work.

        Raises:
            RefusedError: if another worker is at work here.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._leave)
        while True:
            lock = self._place.take(self._lanes)
            try:
                self._serve()
            finally:
                lock.release()
            # whoever queued a run between our last look and the release saw a worker, and started none
            if self._leaving or not self._has_folder() or not queued_runs(self._store, self._place.device):
                return

    def _leave(self, number: int, frame: FrameType | None) -> None:
        self._leaving = True

    def _serve(self) -> None:
        pool = LanePool(self._store, "", self._lanes)
        self._say(f"serving {self._place.device}, {self._lanes} lane(s)")
        idle_since = time.monotonic()
        try:
            while not self._leaving and self._has_folder():
                self._feed(pool)
                for ended in pool.poll(_LOOK_SECONDS):
                    self._say(f"{ended.run_id}: {ended.error or 'done'}")
                    if ended.error:
                        self._refused[ended.run_id] = time.monotonic() + _LOOK_AT_ALL_SECONDS
                self._watch(pool)
                if pool.is_busy:
                    idle_since = time.monotonic()
                elif self._idle_seconds and time.monotonic() - idle_since > self._idle_seconds:
                    self._say("nothing to do: leaving")
                    return
            self._say("asked to leave: runs under way keep their checkpoints, and are interrupted")
        finally:
            pool.leave(Leave.ABANDON)
            pool.close()

    def _has_folder(self) -> bool:
        return self._store.root.is_dir()

    def _feed(self, pool: LanePool) -> None:
        """Hand queued runs to free lanes. All folders are looked at only when something changed, and now and then."""
        now = time.monotonic()
        change = self._change()
        due = change != self._seen_change or now - self._looked >= _LOOK_AT_ALL_SECONDS
        if not pool.free or not due:
            return
        self._seen_change, self._looked = change, now
        for run in queued_runs(self._store, self._place.device):
            if not pool.free:
                self._looked = float("-inf")  # there is more: look again as soon as a lane is free
                return
            if run.id not in pool.under_way and self._refused.get(run.id, 0.0) <= now:
                pool.add(run)

    def _change(self) -> float | None:
        try:
            return (self._store.root / layout.CHANGED).stat().st_mtime
        except OSError:
            return None

    def _watch(self, pool: LanePool) -> None:
        """Kill a lane that does not grant a stop: it hangs, in a driver perhaps, and nothing else ends it."""
        under_way = pool.under_way
        for run_id in [*self._asked]:
            if run_id not in under_way:
                del self._asked[run_id]
        for run_id in under_way:
            if not self._is_stop_waiting(run_id):
                self._asked.pop(run_id, None)
                continue
            since = self._asked.setdefault(run_id, time.monotonic())
            if time.monotonic() - since > ANSWER_SECONDS:
                self._say(f"{run_id}: its lane does not answer, and is killed")
                pool.kill(run_id)
                del self._asked[run_id]

    def _is_stop_waiting(self, run_id: str) -> bool:
        try:
            return any(True for _ in (self._store.get(run_id).path / layout.REQUESTS).iterdir())
        except (OSError, LabError):
            return False
