"""A training thread of a lane's process: it trains one run after another, and answers for the one it has in hand."""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import ExitCode, LabError, RefusedError
from engine.execution.control import Control, Leave
from engine.execution.phases import IMPORTING, Phases
from engine.execution.siblings import GpuBrokenError, Siblings
from engine.store import Run, RunOwner, RunStore, layout
from engine.store.files import open_to_write

_TO_BE_SAVED = ("training", "paused")
_IMPORTS = threading.Lock()  # two threads that import one package from two ends may both get half of it

Tasks = queue.SimpleQueue[dict[str, Any] | None]


class LaneThread:
    """Takes tasks, `{"run": id, "state": ...}`, until it gets None.

    Args:
        device: for all runs; empty: each as its own request says.
        lanes: runs that share the device.
        siblings: what the threads of this process share.
        reply: says something to whoever started the lane.
    """

    def __init__(
        self,
        store: RunStore,
        device: str,
        lanes: int,
        siblings: Siblings,
        tasks: Tasks,
        reply: Callable[..., None],
    ) -> None:
        self._store, self._device, self._lanes, self._siblings = store, device, lanes, siblings
        self._tasks, self._reply = tasks, reply
        self._control = Control()
        self._leave = Leave.NO  # what the parent wants of every run; a user's stop is for one run alone
        self._owner: RunOwner | None = None
        self.thread = threading.Thread(target=self._work, name="training", daemon=True)

    def ask_to_leave(self, how: Leave) -> None:
        """For the run under way, and for every one after it."""
        self._leave = max(self._leave, how)
        self._control.ask_to_leave(self._leave)

    @property
    def has_nothing_to_save(self) -> Run | None:
        """The run in hand, if the end of the process costs it nothing that was trained."""
        owner = self._owner
        return owner.run if owner and owner.run.document.get("state") not in _TO_BE_SAVED else None

    def _work(self) -> None:
        """What nobody foresaw ends the process: the parent sees it, and says it on its runs."""
        try:
            while (task := self._tasks.get()) is not None:
                answer = self._try(task["run"], task.get("state"))
                self._give_back(task["run"])  # no exception is under way that still holds what it trained
                self._reply(ended=task["run"], **answer)
        except BaseException:  # noqa: BLE001 - nothing may keep a broken lane alive
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)

    def _try(self, run_id: str, state: str | None) -> dict[str, Any]:
        """Train a run; what there is to say of its end."""
        try:
            if self._leave is Leave.ABANDON:
                raise RefusedError(f"{run_id}: its process was told to end before it began", field="run")
            return self._execute(run_id, state)
        except LabError as error:
            return {"error": error.message, "exit": int(error.exit_code)}

    def _execute(self, run_id: str, state: str | None) -> dict[str, Any]:
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
                answer = self._train(owner)
            finally:
                self._owner = None
            return {**answer, "state": owner.run.document.get("state")}

    def _train(self, owner: RunOwner) -> dict[str, Any]:
        try:
            self._train_as_it_is(owner)
        except LabError:
            raise
        except GpuBrokenError as broken:
            self._end_process(owner, is_cause=broken.is_cause)
        except Exception as error:  # noqa: BLE001 - the other runs of this process go on
            reason = f"{type(error).__name__}: {error}"
            if owner.run.document.get("state") != "failed":  # it was not training yet
                owner.log(traceback.format_exc())
                owner.update(state="failed", failure={"kind": "error", "reason": reason})
                owner.clear_progress()
            return _failed(reason)
        return {}

    def _train_as_it_is(self, owner: RunOwner) -> None:
        phases = Phases(owner)
        if not self._fetch(owner, phases):
            return
        phases.begin(IMPORTING)
        with _IMPORTS:
            from engine.execution.execute import execute  # torch: seconds, during which the run says `starting`

        for _ in execute(
            owner,
            device=self._device or None,
            lanes=self._lanes,
            control=self._control,
            phases=phases,
            siblings=self._siblings,
        ):
            pass

    def _fetch(self, owner: RunOwner, phases: Phases) -> bool:
        """Whether the run's data are there, or have come; the wish to be fetched is one of few runs."""
        if not (owner.run.document.get("request") or {}).get("fetch"):
            return True
        with _IMPORTS:
            from engine.execution.fetching import fetch_data

        return fetch_data(owner, self._control, phases)

    def _give_back(self, run_id: str) -> None:
        if self._siblings.holds(run_id):
            from engine.execution.memory import give_back

            give_back(self._siblings, run_id)

    def _end_process(self, owner: RunOwner, *, is_cause: bool) -> None:
        """For all its runs; the one whose failure was the first says so to the parent."""
        if not is_cause:
            threading.Event().wait()
        reason = (owner.run.document.get("failure") or {}).get("reason", "")
        self._reply(ended=owner.run.id, state="failed", broke_gpu=True, **_failed(reason))
        os._exit(1)


def _failed(reason: str) -> dict[str, Any]:
    """What the parent says of it; the run's record has all lines."""
    return {"error": reason.partition("\n")[0], "exit": int(ExitCode.FAILED)}


def _log_to(path: Path) -> None:
    """What this process prints from now on, C libraries included, goes to the run's log, or nowhere.

    It is the process's: of several runs at once, the one that began last has it in its log.
    """
    try:
        log = open_to_write(path, os.O_APPEND)
    except (LabError, OSError):
        log = os.open(os.devnull, os.O_WRONLY)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
