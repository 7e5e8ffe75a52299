"""A lane: a process that trains one run after another, as lines on its standard input tell it.

In: `{"run": id, "state": ...}` to train a run that is in this state, `{"leave": "NOW"}` to end the one under way.
Out: `{"ended": id, "state": ...}`. The main thread listens; only the other one touches torch. When the input ends,
whoever started the lane is gone: it checkpoints, and leaves its run `interrupted`. So it does at SIGTERM, which every
process gets when the machine is shut down.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import click

from engine.errors import LabError, RefusedError
from engine.execution.control import Control, Leave
from engine.execution.phases import IMPORTING, Phases
from engine.store import RunOwner, RunStore, layout
from engine.store.files import open_to_write


class _TerminatedError(BaseException):
    """SIGTERM, as the main thread sees it."""


class Lane:
    """The two threads, and what they share: a queue of run ids and the wishes for the run under way."""

    def __init__(self, store: RunStore, device: str, lanes: int, replies: TextIO) -> None:
        self._store, self._device, self._lanes, self._replies = store, device, lanes, replies
        self._runs: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._control = Control()
        self._leave = Leave.NO  # what the parent wants of every run; a user's stop is for one run alone
        self._is_terminated = False

    def listen(self, lines: TextIO) -> None:
        """The main thread: obey until the input ends."""
        trainer = threading.Thread(target=self._work, name="training")
        trainer.start()
        with suppress(_TerminatedError):
            for line in lines:
                message = json.loads(line)
                if "run" in message:
                    self._runs.put(message)
                elif "leave" in message:
                    self._ask_to_leave(Leave[message["leave"]])
        self._is_terminated = True
        self._ask_to_leave(Leave.ABANDON)
        self._runs.put(None)
        trainer.join()

    def terminate(self, number: int, frame: FrameType | None) -> None:
        """The handler of SIGTERM."""
        if not self._is_terminated:
            self._is_terminated = True
            raise _TerminatedError

    def _ask_to_leave(self, how: Leave) -> None:
        self._leave = max(self._leave, how)
        self._control.ask_to_leave(self._leave)

    def _work(self) -> None:
        """The training thread. What it cannot handle ends the process: the parent sees it, and says it on the run."""
        try:
            while (task := self._runs.get()) is not None and self._leave is not Leave.ABANDON:
                try:
                    self._execute(task["run"], task.get("state"))
                except LabError as error:
                    self._reply(ended=task["run"], error=error.message, exit=int(error.exit_code))
        except BaseException:  # noqa: BLE001 - nothing may keep a broken lane alive
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)

    def _execute(self, run_id: str, state: str | None) -> None:
        self._control = Control()
        self._control.ask_to_leave(self._leave)
        with self._store.get(run_id).own() as owner:
            if state not in (None, owner.run.document.get("state")):
                raise RefusedError(f"{run_id} is {owner.run.document.get('state')} now", field="run")
            _log_to(owner.run.path / layout.LOG)
            owner.forget_requests()
            owner.update(state="starting", failure=None, waiting=None)
            phases = Phases(owner)
            if not self._fetch(owner, phases):
                self._reply(ended=run_id, state=owner.run.document.get("state"))
                return
            phases.begin(IMPORTING)
            from engine.execution.execute import execute  # torch: seconds, during which the run says `starting`

            events = execute(
                owner, device=self._device or None, lanes=self._lanes, control=self._control, phases=phases
            )
            for _ in events:
                pass
            state = owner.run.document.get("state")
        self._reply(ended=run_id, state=state)

    def _fetch(self, owner: RunOwner, phases: Phases) -> bool:
        """Whether the run's data are there, or have come; the wish to be fetched is one of few runs."""
        if not (owner.run.document.get("request") or {}).get("fetch"):
            return True
        from engine.execution.fetching import fetch_data

        return fetch_data(owner, self._control, phases)

    def _reply(self, **message: Any) -> None:
        try:
            self._replies.write(json.dumps(message) + "\n")
            self._replies.flush()
        except BrokenPipeError:
            self._ask_to_leave(Leave.ABANDON)


def _log_to(path: Path) -> None:
    """Everything this process prints from now on, C libraries included, goes to the run's log, or nowhere."""
    try:
        log = open_to_write(path, os.O_APPEND)
    except (LabError, OSError):
        log = os.open(os.devnull, os.O_WRONLY)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


@click.command(hidden=True)
@click.option("--runs", required=True)
@click.option("--device", required=True)
@click.option("--lanes", type=int, required=True)
def main(runs: str, device: str, lanes: int) -> None:
    """Train runs, one after another."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they are for whoever started the lane, and who will tell it
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lane = Lane(RunStore(runs), device, lanes, replies)
    signal.signal(signal.SIGTERM, lane.terminate)
    lane.listen(sys.stdin)


if __name__ == "__main__":
    main()
