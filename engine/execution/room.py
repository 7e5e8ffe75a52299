"""Patience with a full disk: what must be written waits for room, says so on the run, and then goes on by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import StorageFullError
from engine.execution.control import Control, Leave
from engine.format import counted
from engine.store import RunOwner

RETRY_SECONDS = 1.0


class Room:
    """Writes into a run folder, as soon as there is room; until then the run is `paused`, with the reason.

    Attributes:
        records: epochs that are not on disk yet, for the words on the run.
    """

    def __init__(self, owner: RunOwner, control: Control) -> None:
        self._owner, self._control = owner, control
        self.records = 0

    def write(self, action: Callable[[], object]) -> None:
        """Do it, whole or not at all.

        Raises:
            StorageFullError: if somebody asks the run to end while it waits.
        """
        state = self._owner.run.document.get("state")
        if self._until_done(action):
            self.update(state=state)
            self._owner.make_reserve()

    def update(self, **changes: Any) -> None:
        """Change keys of run.json; the run waits for nothing after that.

        Raises:
            StorageFullError: as `write`.
        """
        state = self._owner.run.document.get("state")
        if self._until_done(lambda: self._owner.update(**{"state": state, "waiting": None, **changes})):
            self._owner.make_reserve()

    def _until_done(self, action: Callable[[], object]) -> bool:
        """Whether it had to wait."""
        waited = said = False
        while True:
            try:
                action()
                return waited
            except StorageFullError as error:
                waited = True
                self._control.take_requests(self._owner)
                if self._control.leave is not Leave.NO:
                    raise
                said = said or self._say(error)
                self._control.wait(RETRY_SECONDS)

    def _say(self, error: StorageFullError) -> bool:
        """Whether there was room to say it; the reserve makes some."""
        self._owner.release_reserve()
        try:
            self._owner.update(state="paused", waiting=f"{error.message}; {counted(self.records, 'record')} waiting")
        except StorageFullError:
            return False
        return True
