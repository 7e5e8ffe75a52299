"""Runs that one process trains at once on a GPU: what they know of each other. No torch."""

from __future__ import annotations

import threading


class Siblings:
    """Who of them holds memory of the GPU, and whose failure broke it for all.

    Args:
        room: how many runs the process has at once.
    """

    def __init__(self, room: int = 1) -> None:
        self.are_many = room > 1
        self._held: dict[str, object] = {}
        self._broken_by: str | None = None
        self._lock = threading.Lock()

    def hold(self, run_id: str, memory: object) -> None:
        """This run has memory from now on; what it is, is kept until the run lets go of it."""
        with self._lock:
            self._held[run_id] = memory

    def let_go(self, run_id: str) -> None:
        """This run holds nothing any more."""
        with self._lock:
            self._held.pop(run_id, None)

    def holds(self, run_id: str) -> bool:
        """Whether this run has memory."""
        with self._lock:
            return run_id in self._held

    def beside(self, run_id: str) -> frozenset[str]:
        """The other runs that hold memory."""
        with self._lock:
            return frozenset(self._held) - {run_id}

    def is_first_to_break(self, run_id: str) -> bool:
        """Whether it is the failure of this run that broke the GPU; the others meet the same error a moment later."""
        with self._lock:
            self._broken_by = self._broken_by or run_id
            return self._broken_by == run_id


class GpuBrokenError(Exception):
    """Nothing that uses the GPU works any more in this process, for any of its runs.

    Args:
        is_cause: whether it is the failure of this run, which is on record, that did it.
    """

    def __init__(self, *, is_cause: bool) -> None:
        super().__init__()
        self.is_cause = is_cause
