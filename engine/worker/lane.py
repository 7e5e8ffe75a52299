"""A lane: a process that trains one run after another, as lines on its standard input tell it.

In: `{"run": id, "state": ...}` to train a run that is in this state, `{"leave": "NOW"}` to end the one under way.
Out: `{"ended": id, "state": ...}`. The main thread listens; only the other one touches torch. When the input ends,
whoever started the lane is gone: it checkpoints, and leaves its run `interrupted`. So it does at SIGTERM, which every
process gets when the machine is shut down. A run that is not in training has nothing to checkpoint, and is left as it
is: whatever a kill may interrupt, the end of the process may, too.
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

_GRACE_SECONDS = 0.25  # for what is about to end by itself
_TO_BE_SAVED = ("training", "paused")


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
        self._owner: RunOwner | None = None

    def listen(self, lines: TextIO) -> None:
        """The main thread: obey until the input ends, or everything is to be dropped; then see that it is."""
        trainer = threading.Thread(target=self._work, name="training", daemon=True)
        trainer.start()
        with suppress(_TerminatedError):
            for line in lines:
                message = json.loads(line)
                if "run" in message:
                    self._runs.put(message)
                elif "leave" in message:
                    self._ask_to_leave(Leave[message["leave"]])
                if self._leave is Leave.ABANDON:
                    break
        self._is_terminated = True
        self._ask_to_leave(Leave.ABANDON)
        self._runs.put(None)
        trainer.join(_GRACE_SECONDS)
        while trainer.is_alive():
            owner = self._owner
            if owner is not None and owner.run.document.get("state") not in _TO_BE_SAVED:
                self._reply(ended=owner.run.id, state=owner.run.document.get("state"))
                return
            trainer.join(_GRACE_SECONDS)

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
            while (task := self._runs.get()) is not None:
                try:
                    if self._leave is Leave.ABANDON:
                        raise RefusedError(f"{task['run']}: its process was told to end before it began", field="run")
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
            self._owner = owner
            try:
                self._train(owner)
            finally:
                self._owner = None
            state = owner.run.document.get("state")
        self._reply(ended=run_id, state=state)

    def _train(self, owner: RunOwner) -> None:
        phases = Phases(owner)
        if not self._fetch(owner, phases):
            return
        phases.begin(IMPORTING)
        from engine.execution.execute import execute  # torch: seconds, during which the run says `starting`

        for _ in execute(owner, device=self._device or None, lanes=self._lanes, control=self._control, phases=phases):
            pass

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
    sys.stderr.flush()
    os._exit(0)  # whatever the other thread does; taking torch apart in good order takes as long as many an epoch


if __name__ == "__main__":
    main()
