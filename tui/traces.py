"""The coarse curves of the runs that can be seen, read once, and read on where a run lives."""

from __future__ import annotations

from collections.abc import Iterable

from engine.store import Run
from engine.store.trace import Trace, TraceFollower, sample_trace

_MOST_KEPT = 512  # some screenfuls: scrolling back reads nothing


class TraceReader:
    """Reads traces in the feed's thread.

    Attributes:
        traces: by run id; another object each time something in it is new.
    """

    def __init__(self) -> None:
        self.traces: dict[str, Trace] = {}
        self._read: dict[str, Run] = {}
        self._followers: dict[str, TraceFollower] = {}

    def look(self, runs: Iterable[Run]) -> None:
        """Read what is not known of these runs."""
        fresh: dict[str, Trace] = {}
        for run in runs:
            if self._read.get(run.id) is run and not run.is_alive:
                continue
            self._read[run.id] = run
            trace = self._trace(run)
            if trace != self.traces.get(run.id):
                fresh[run.id] = trace
        if fresh:
            kept = {run_id: trace for run_id, trace in self.traces.items() if run_id not in fresh}
            for run_id in list(kept)[: max(0, len(kept) + len(fresh) - _MOST_KEPT)]:
                del kept[run_id]
                self._read.pop(run_id, None)
                self._followers.pop(run_id, None)
            self.traces = {**kept, **fresh}

    def _trace(self, run: Run) -> Trace:
        epochs = (run.experiment.get("training") or {}).get("epochs")
        planned = epochs if isinstance(epochs, int) else 1
        if run.damage or run.state == "queued":
            return Trace()
        if (run.summary or {}).get("validation_accuracy") is not None:
            self._followers.pop(run.id, None)
            return sample_trace(run.path, planned)
        if run.id not in self._followers:
            self._followers[run.id] = TraceFollower(run.path, planned)
        return self._followers[run.id].look()
