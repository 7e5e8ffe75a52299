"""Lanes at work: started, fed with runs, told to leave, replaced when they die."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.errors import ExitCode
from engine.execution.control import Leave
from engine.store import Run, RunStore, layout
from engine.worker.burial import bury
from engine.worker.lane_process import LaneProcess, Task
from engine.worker.patience import StopWatch

LEAVE_SECONDS = 60.0  # a lane that has not left by then, though it was told to drop everything, hangs
_DID_NOT_LEAVE = "it did not leave when it was told to, and was killed"
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class LaneEnded:
    """A lane is done with a run, which is in `state` now. `error` says what that cannot: why it was not even tried."""

    run_id: str
    state: str | None = None
    error: str | None = None
    exit_code: int = ExitCode.DONE


class LanePool:
    """Trains runs in up to `lanes` processes at once, in the order in which they were added.

    Args:
        device: for all runs; empty: each as its own request says.
    """

    def __init__(self, store: RunStore, device: str, lanes: int) -> None:
        self._store, self._device, self._size = store, device, lanes
        self._heard: queue.SimpleQueue[tuple[LaneProcess, dict[str, Any] | None]] = queue.SimpleQueue()
        self._lanes: list[LaneProcess] = []
        self._waiting: list[Task] = []
        self._leaving = Leave.NO
        self._kill_at = float("inf")
        self._stops = StopWatch(store)

    def add(self, run: Run) -> None:
        self._waiting.append(Task(run.id, str(run.document.get("state"))))
        self._feed()

    @property
    def free(self) -> int:
        """Runs that would start at once."""
        return self._size - len(self._waiting) - sum(lane.task is not None for lane in self._lanes)

    @property
    def under_way(self) -> list[str]:
        """Ids of the runs that lanes have in hand."""
        return [lane.task.run_id for lane in self._lanes if lane.task]

    @property
    def is_busy(self) -> bool:
        return bool(self._waiting) or any(lane.task for lane in self._lanes)

    def poll(self, seconds: float) -> list[LaneEnded]:
        """Wait up to `seconds` for lanes to end runs; free ones get the next."""
        self._end_what_hangs()
        try:
            lane, message = self._heard.get(timeout=seconds)
        except queue.Empty:
            return []
        ended = []
        if message is None:
            self._lanes.remove(lane)
            lane.let_go()
            ended += self._missed(lane)
        elif "ended" in message:
            lane.task, lane.tasks_done = None, lane.tasks_done + 1
            ended.append(self._told(message))
            if message.get("state") == "failed":
                lane.let_go()  # a new process: this one may hold what the failed run left behind
        self._feed()
        return ended

    def leave(self, how: Leave) -> list[str]:
        """Ask the runs under way to end; the ids of those that had not begun are returned, and forgotten."""
        self._leaving = max(self._leaving, how)
        if self._leaving is Leave.ABANDON:
            self._kill_at = min(self._kill_at, time.monotonic() + LEAVE_SECONDS)
        for lane in self._lanes:
            lane.tell(leave=self._leaving.name)
        forgotten, self._waiting = [task.run_id for task in self._waiting], []
        return forgotten

    def kill_all(self, why: str) -> None:
        """End the processes of all lanes; what they had in hand is interrupted."""
        for lane in self._lanes:
            lane.kill(why)

    def close(self, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Let every lane go, and wait until they are gone; one that trains checkpoints first.

        Args:
            is_enough: whether to wait no longer.
        """
        kill_at = min(self._kill_at, time.monotonic() + LEAVE_SECONDS)
        for lane in self._lanes:
            lane.let_go()
        while any(not lane.is_gone(_LOOK_SECONDS) for lane in self._lanes):
            for lane in self._lanes:
                lane.wake()
            if time.monotonic() > kill_at or is_enough():
                self.kill_all(_DID_NOT_LEAVE)

    def _feed(self) -> None:
        for lane in self._lanes:
            if self._waiting and lane.task is None and lane.is_open:
                lane.hand(self._waiting.pop(0))
        while self._waiting and len([lane for lane in self._lanes if lane.is_open]) < self._size:
            lane = LaneProcess(self._store, self._device, self._size, self._heard)
            self._lanes.append(lane)
            lane.hand(self._waiting.pop(0))

    def _end_what_hangs(self) -> None:
        if time.monotonic() > self._kill_at:
            self.kill_all(_DID_NOT_LEAVE)
        overdue, late = self._stops.overdue(self.under_way), self._stops.late()
        for lane in self._lanes:
            if self._leaving is not Leave.NO or (lane.task and lane.task.run_id in late):
                lane.wake()
            if lane.task and lane.task.run_id in overdue:
                lane.kill("it did not grant a stop, and was killed")

    def _told(self, message: dict[str, Any]) -> LaneEnded:
        """What a lane says of a run that it has done with."""
        state, error, exit_code = message.get("state"), message.get("error"), message.get("exit", ExitCode.DONE)
        if state in layout.ALIVE and self._leaving is Leave.NO:
            error, exit_code = "its process was told to end; its checkpoint is kept", ExitCode.FAILED
        return LaneEnded(message["ended"], state, error, exit_code)

    def _missed(self, lane: LaneProcess) -> list[LaneEnded]:
        """What becomes of the run that a dead lane had in hand."""
        if lane.task is None:
            return []
        run = Run(self._store.root / lane.task.run_id)
        if lane.tasks_done and run.document.get("state") == lane.task.state and self._leaving is Leave.NO:
            self._waiting.insert(0, lane.task)  # it was dead before it could take it
            return []
        return [LaneEnded(lane.task.run_id, None, bury(self._store, lane), ExitCode.FAILED)]
