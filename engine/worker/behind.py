"""Queued runs behind a fetch: one of them fetches a data set, the others begin when it is here."""

from __future__ import annotations

from collections.abc import Collection

from engine.execution.fetching import awaited_data
from engine.store import Run
from engine.worker.backlog import note_waiting

_MOST_NOTES = 50  # each is written to disk; of a long queue the first ones say why


class BehindFetch:
    """Whom a fetch keeps back."""

    def __init__(self) -> None:
        self._fetching: dict[str, str] = {}  # what is fetched -> the run that does
        self._noted: dict[str, Run] = {}

    def key(self, run: Run) -> str:
        """What a refusal of this run is about: the data that it awaits, else the run itself."""
        awaited = awaited_data(run)
        return run.id if awaited is None else str(awaited)

    def lets_begin(self, run: Run, under_way: Collection[str]) -> bool:
        """Whether no other run fetches what this one needs; one that must wait says so.

        Args:
            under_way: ids of the runs that lanes have in hand.
        """
        awaited = awaited_data(run)
        if awaited is None:
            return True
        if self._fetching.get(str(awaited)) in under_way:
            if run.id not in self._noted and len(self._noted) < _MOST_NOTES:
                self._noted[run.id] = run
                note_waiting(run, f"behind the fetch of {awaited.name}")
            return False
        self._fetching[str(awaited)] = run.id
        return True

    def look(self) -> None:
        """Those whose data are here now wait for a lane, and for nothing else."""
        first = next(iter(self._noted.values()), None)
        if first is None or awaited_data(first) is not None:
            return
        for run in list(self._noted.values()):
            if awaited_data(run) is None:
                note_waiting(self._noted.pop(run.id).reload(), None)
