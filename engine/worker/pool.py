"""Lanes at work: their processes started, fed with runs, told to leave, replaced when they die."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.errors import ExitCode
from engine.execution.control import Leave
from engine.store import Run, RunStore, layout
from engine.text import clean
from engine.worker.burial import bury
from engine.worker.lane_process import Ending, LaneProcess, Task
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
    """Trains up to `lanes` runs at once, in the order in which they were added.

    Args:
        device: for all runs; empty: each as its own request says.
        room: runs that one process trains at once; another one is started where they are not enough.
    """

    def __init__(self, store: RunStore, device: str, lanes: int, room: int = 1) -> None:
        self._store, self._device, self._size, self._room = store, device, lanes, room
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
        return self._size - len(self._waiting) - len(self.under_way)

    @property
    def under_way(self) -> list[str]:
        """Ids of the runs that lanes have in hand."""
        return [run_id for lane in self._lanes for run_id in lane.tasks]

    @property
    def is_busy(self) -> bool:
        return bool(self._waiting or self.under_way)

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
        elif message.get("ended") in lane.tasks:
            lane.is_done_with(message["ended"])
            ended.append(self._told(message))
            if message.get("broke_gpu"):
                lane.ending = self._broken(message)
            if message.get("state") == "failed":
                lane.retire()  # a new process: this one may hold what the failed run left behind
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
            lane.kill(Ending(why))

    def close(self, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Let every lane go, and wait until they are gone; those that train checkpoint first.

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
        """Fill the processes that are there, and only then start another."""
        for lane in self._lanes:
            self._fill(lane)
        while self._waiting and len(self.under_way) < self._size:
            lane = LaneProcess(self._store, self._device, self._size, self._heard, min(self._room, self._size))
            self._lanes.append(lane)
            self._fill(lane)

    def _fill(self, lane: LaneProcess) -> None:
        while self._waiting and lane.has_room and len(self.under_way) < self._size:
            lane.hand(self._waiting.pop(0))

    def _end_what_hangs(self) -> None:
        if time.monotonic() > self._kill_at:
            self.kill_all(_DID_NOT_LEAVE)
        overdue, late = self._stops.overdue(self.under_way), self._stops.late()
        for lane in self._lanes:
            if self._leaving is not Leave.NO or any(run_id in lane.tasks for run_id in late):
                lane.wake()
            for run_id in overdue:
                if run_id in lane.tasks:
                    beside = f"its process was killed: {self._name(run_id)} did not grant a stop"
                    lane.kill(Ending("it did not grant a stop, and was killed", run_id, beside))

    def _broken(self, message: dict[str, Any]) -> Ending:
        """What becomes of the other runs of a process in which one broke the GPU."""
        run_id, reason = message["ended"], str(message.get("error"))
        beside = f"its process ended: {self._name(run_id)} broke the GPU for it: {reason}"
        return Ending(reason, run_id, beside)

    def _name(self, run_id: str) -> str:
        return f"{clean(Run(self._store.root / run_id).name)} ({run_id})"

    def _told(self, message: dict[str, Any]) -> LaneEnded:
        """What a lane says of a run that it has done with."""
        state, error, exit_code = message.get("state"), message.get("error"), message.get("exit", ExitCode.DONE)
        if state in layout.ALIVE and self._leaving is Leave.NO:
            error, exit_code = "its process was told to end; its checkpoint is kept", ExitCode.FAILED
        return LaneEnded(message["ended"], state, error, exit_code)

    def _missed(self, lane: LaneProcess) -> list[LaneEnded]:
        """What becomes of the runs that a dead lane had in hand; one that it had not begun gets another."""
        states = {task: str(Run(self._store.root / task.run_id).document.get("state")) for task in lane.tasks.values()}
        ended = [task for task, state in states.items() if state != task.state and state in layout.OVER]
        untouched = [task for task, state in states.items() if state == task.state and self._leaving is Leave.NO]
        lost = [task for task in states if task not in ended and task not in untouched]
        beside = max(0, len(lost) - 1)
        if lane.tasks_done or ended or lost:
            self._waiting[:0] = untouched
        else:
            lost = untouched  # it is no process that can train anything
        reasons = {task.run_id: bury(self._store, lane, task.run_id, beside) for task in lost}
        return [
            *(LaneEnded(task.run_id, states[task]) for task in ended),
            *(LaneEnded(run_id, None, reason, ExitCode.FAILED) for run_id, reason in reasons.items()),
        ]
