"""What others want of a run under way: signals, a parent process, requests in its folder."""

from __future__ import annotations

import threading
from enum import IntEnum

from engine.errors import StorageFullError
from engine.store import RunOwner


class Leave(IntEnum):
    """How a run is to be left; a stronger wish replaces a weaker one."""

    NO = 0
    AFTER_EPOCH = 1  # finish the epoch, evaluate, save
    NOW = 2  # at the end of the chunk: checkpoint, evaluate, save
    ABANDON = 3  # at the end of the chunk: checkpoint, nothing else; the run can be resumed


class Control:
    """Wishes, set by any thread and read by the training one at the end of a chunk of steps."""

    def __init__(self) -> None:
        self._leave = Leave.NO
        self._paused = False
        self._changed = threading.Condition()

    @property
    def leave(self) -> Leave:
        return self._leave

    @property
    def is_paused(self) -> bool:
        """Paused, and nobody wants it to end."""
        return self._paused and self._leave is Leave.NO

    def ask_to_leave(self, how: Leave) -> None:
        with self._changed:
            self._leave = max(self._leave, how)
            self._changed.notify_all()

    def pause(self, paused: bool) -> None:
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Sleep, but wake when a wish arrives."""
        with self._changed:
            self._changed.wait(seconds)

    def take_requests(self, owner: RunOwner) -> None:
        """Grant what users asked for in the run's folder."""
        for request in owner.take_requests():
            match request.kind:
                case "stop":
                    self.ask_to_leave(Leave.NOW)
                case "pause":
                    self.pause(True)
                case "resume":
                    self.pause(False)
                case "edit":
                    try:
                        owner.update(**request.payload)
                    except StorageFullError:
                        continue  # it stays, for when there is room
            request.grant()
