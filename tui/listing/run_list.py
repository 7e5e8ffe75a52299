"""Which runs are listed, and in which order: filtered, sorted, steady while runs come and go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.errors import LabError
from engine.filters import parse_filter, sort_by
from engine.run_keys import reader_of, resolve_key, searched_text
from engine.store import Run
from engine.store.trace import Trace
from tui.listing.cells import Row
from tui.listing.differences import Differences
from tui.messages import Seen

DIFFERS = "differs"


class RunList:
    """Runs as they are listed.

    A sorted list keeps its order while its runs change, until `sort_again`; newcomers wait at its end.

    Attributes:
        rows: those that pass the filter, in order.
        problem: why the filter's expression is none; empty where it is one. The last one that was holds on.
    """

    def __init__(self) -> None:
        self.runs: Sequence[Run] = ()
        self.rows: list[Run] = []
        self.problem = ""
        self.filter = self.sort = ""
        self.differences = Differences()
        self._test: Callable[[Run], bool] | None = None
        self._passed: dict[str, Run] = {}
        self._failed: dict[str, Run] = {}
        self._texts: dict[str, tuple[Run, str]] = {}
        self._order: dict[str, int] = {}
        self._traces: Mapping[str, Trace] = {}
        self._phase_began: Mapping[str, float] = {}
        self._queue: _Queue | None = None
        self._counts = (0, 0, 0)
        self._highest: dict[tuple[str, ...], float] | None = None

    def show(self, seen: Seen) -> None:
        """The runs as they are now, newest first; those that are the same objects are not looked at again."""
        self._traces, self._phase_began = seen.traces, seen.phase_began
        if seen.runs is self.runs:
            return
        self.differences.know(seen.runs)
        self.runs = seen.runs
        counts = len(seen.runs), len(seen.live), seen.waiting
        if counts != self._counts:
            self._counts, self._highest = counts, None  # a run may have ended
        self._queue = None
        self._look()

    def look_for(self, expression: str) -> None:
        """List what passes this filter."""
        if expression == self.filter and not self.problem:
            return
        self.filter = expression
        try:
            self._test = parse_filter(expression, self._text_of) if expression.strip() else None
        except LabError as error:
            self.problem = error.message.removeprefix("filter: ")
            return
        self.problem = ""
        self._passed, self._failed = {}, {}
        self._look()

    def sort_by(self, key: str) -> None:
        """In the order of this key, `-` before it for the other way round; empty: newest first."""
        self.sort = key
        self.sort_again()

    def sort_again(self) -> None:
        """In the order of what the runs have now."""
        self._order = {}
        if self.sort:
            try:
                key = self._resolved(self.sort.removeprefix("-"))
            except LabError:
                self.sort = ""  # kept by a version that had this key
            else:
                reverse = self.sort.startswith("-")
                ordered = sort_by(self.runs, key, self._reader(key), reverse=reverse)
                self._order = {run.id: number for number, run in enumerate(ordered)}
        self._look()

    def waits(self, run: Run) -> tuple[int | None, float | None]:
        """Of a queued run: its place in the queue of its device, from 1, and the seconds such a run took before."""
        if self._queue is None:
            self._queue = _Queue(self.runs)
        return self._queue.places.get(run.id), self._queue.seconds.get(str(run.document.get("fingerprint")))

    def row(self, run: Run, now: float) -> Row:
        """What the cells of a run are made of, `now` seconds since 1970."""
        place, expected = self.waits(run) if run.state == "queued" else (None, None)
        trace = self._traces.get(run.id)
        began = self._phase_began.get(run.id)
        return Row(run, self.differences.words(run), trace, place, expected, self._scale(run), now, began)

    def _scale(self, run: Run) -> tuple[float, float]:
        """From chance to the best of the runs on the same data: the same for all their curves."""
        if self._highest is None:
            self._highest = {}
            for other in self.runs:
                value = (other.document.get("summary") or {}).get("validation_accuracy")
                if value is not None:
                    data = _data_of(other)
                    self._highest[data] = max(value, self._highest.get(data, 0.0))
        data = _data_of(run)
        chance = 1 / (len(data) - 1) if len(data) > 1 else 0.0
        trace = self._traces.get(run.id)
        best = max(self._highest.get(data, 0.0), (trace.best or 0.0) if trace else 0.0)
        return chance, best or 1.0

    def _look(self) -> None:
        rows = [run for run in self.runs if self._passes(run)] if self._test else list(self.runs)
        if self._order:
            last = len(self._order)
            rows.sort(key=lambda run: self._order.get(run.id, last))
        self.rows = rows
        self.differences.among(rows)

    def _passes(self, run: Run) -> bool:
        assert self._test is not None
        if self._passed.get(run.id) is run:
            return True
        if self._failed.get(run.id) is run:
            return False
        passes = self._test(run)
        (self._passed if passes else self._failed)[run.id] = run
        return passes

    def _text_of(self, run: Run) -> str:
        known = self._texts.get(run.id)
        if known is None or known[0] is not run:
            known = self._texts[run.id] = run, searched_text(run)
        return known[1]

    def _reader(self, key: str) -> Callable[[Run], Any]:
        if key == DIFFERS:
            return lambda run: self.differences.words(run) or None
        read = reader_of(key)
        if key != "validation_accuracy":
            return read

        def read_best(run: Run) -> Any:
            value = read(run)
            if value is None and run.id in self._traces and not run.is_over:
                return self._traces[run.id].best
            return value

        return read_best

    @staticmethod
    def _resolved(name: str) -> str:
        return name if name == DIFFERS else resolve_key(name)


def _data_of(run: Run) -> tuple[str, ...]:
    """Name of the data set, and its classes."""
    dataset = run.experiment.get("dataset") or {}
    return str(dataset.get("name")), *(dataset.get("classes") or ())


class _Queue:
    """Places of the runs that wait, and how long finished ones took."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.seconds: dict[str, float] = {}
        waiting = []
        for run in runs:
            if run.state == "queued":
                waiting.append(run)
            elif run.state == "finished" and run.summary and run.summary.get("seconds") is not None:
                self.seconds.setdefault(str(run.document.get("fingerprint")), run.summary["seconds"])
        waiting.sort(key=lambda run: (str((run.document.get("request") or {}).get("queued_at") or ""), run.id))
        counts: dict[str, int] = {}
        self.places: dict[str, int] = {}
        for run in waiting:
            device = str((run.document.get("request") or {}).get("device") or "auto")
            counts[device] = self.places[run.id] = counts.get(device, 0) + 1
