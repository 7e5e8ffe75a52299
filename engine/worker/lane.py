"""The process of a lane, or of all lanes of a GPU: it trains runs, as lines on its standard input tell it.

In: `{"run": id, "state": ...}` to train a run that is in this state, `{"leave": "NOW"}` to end those under way.
Out: `{"ended": id, "state": ...}`. The main thread listens; only the others touch torch. When the input ends, whoever
started it is gone: runs checkpoint, and are left `interrupted`. So they are at SIGTERM, which every process gets when
the machine is shut down. A run that is not in training has nothing to checkpoint, and is left as it is: whatever a
kill may interrupt, the end of the process may, too.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import Any, TextIO

import click

from engine.execution.control import Leave
from engine.execution.siblings import Siblings
from engine.store import RunStore
from engine.worker.lane_thread import LaneThread, Tasks

_GRACE_SECONDS = 0.25  # for what is about to end by itself


class _TerminatedError(BaseException):
    """SIGTERM, as the main thread sees it."""


class Lane:
    """The thread that listens, and those that train.

    Args:
        lanes: runs that share the device, in whatever processes.
        room: runs that this process trains at once.
    """

    def __init__(self, store: RunStore, device: str, lanes: int, room: int, replies: TextIO) -> None:
        self._replies, self._reply_lock = replies, threading.Lock()
        self._tasks: Tasks = queue.SimpleQueue()
        self._is_terminated = False
        siblings = Siblings(room)
        self._threads = [LaneThread(store, device, lanes, siblings, self._tasks, self._reply) for _ in range(room)]

    def listen(self, lines: TextIO) -> None:
        """Obey until the input ends, or everything is to be dropped; then see that it is."""
        for one in self._threads:
            one.thread.start()
        with suppress(_TerminatedError):
            for line in lines:
                message = json.loads(line)
                if "run" in message:
                    self._tasks.put(message)
                elif "leave" in message:
                    self._ask_to_leave(Leave[message["leave"]])
                    if message["leave"] == Leave.ABANDON.name:
                        break
            self._is_terminated = True
        self._ask_to_leave(Leave.ABANDON)
        for _ in self._threads:
            self._tasks.put(None)
        self._wait_for_checkpoints()

    def terminate(self, number: int, frame: FrameType | None) -> None:
        """The handler of SIGTERM."""
        if not self._is_terminated:
            self._is_terminated = True
            raise _TerminatedError

    def _ask_to_leave(self, how: Leave) -> None:
        for one in self._threads:
            one.ask_to_leave(how)

    def _wait_for_checkpoints(self) -> None:
        """Until all threads have ended, or those that have not would have nothing to save."""
        alive = self._alive()
        while alive:
            alive[0].thread.join(_GRACE_SECONDS)
            alive = self._alive()
            left = [run for one in alive if (run := one.has_nothing_to_save)]
            if len(left) == len(alive):
                for run in left:
                    self._reply(ended=run.id, state=run.document.get("state"))
                return

    def _alive(self) -> list[LaneThread]:
        return [one for one in self._threads if one.thread.is_alive()]

    def _reply(self, **message: Any) -> None:
        try:
            with self._reply_lock:
                self._replies.write(json.dumps(message) + "\n")
                self._replies.flush()
        except BrokenPipeError:
            self._ask_to_leave(Leave.ABANDON)


@click.command(hidden=True)
@click.option("--runs", required=True)
@click.option("--device", required=True)
@click.option("--lanes", type=int, required=True)
@click.option("--room", type=int, default=1)
def main(runs: str, device: str, lanes: int, room: int) -> None:
    """Train runs, so many at once."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they are for whoever started the lane, and who will tell it
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lane = Lane(RunStore(runs), device, lanes, room, replies)
    signal.signal(signal.SIGTERM, lane.terminate)
    lane.listen(sys.stdin)
    sys.stderr.flush()
    os._exit(0)  # whatever the other threads do; taking torch apart in good order takes as long as many an epoch


if __name__ == "__main__":
    main()
