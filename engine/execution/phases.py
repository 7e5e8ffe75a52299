"""What a run does before its first step, told in its progress.json. No torch: importing it is one of the phases."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from engine.errors import StorageFullError
from engine.store import RunOwner

IMPORTING, DATA, NETWORK, STEP = "importing torch", "decoding data", "building the network", "preparing the step"
MEMORY = "waiting for memory"


class Phases:
    """The phases so far, the last of them under way.

    Args:
        owner: of the run that starts.
    """

    def __init__(self, owner: RunOwner) -> None:
        self._owner = owner
        self._phases: list[dict[str, Any]] = []
        self._began = 0.0
        self._heartbeat = 0

    def begin(self, name: str) -> None:
        """The phase before is over, this one begins."""
        now = time.monotonic()
        if self._phases:
            self._phases[-1]["seconds"] = round(now - self._began, 3)
        self._phases.append({"name": name, "seconds": None})
        self._began = now
        self.tell()

    def tell(self, **more: Any) -> None:
        """Say, and say again, what is done; `more` is what there is to say of the phase under way."""
        self._heartbeat += 1
        with suppress(StorageFullError):  # the first record that matters meets the same disk, and says so
            self._owner.write_progress({"heartbeat": self._heartbeat, "phases": self._phases, **more})
