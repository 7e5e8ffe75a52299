"""What Curves looks at: a run, its epochs, its reference; and what of it the charts need."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.store import History, Run
from engine.store.columns import Columns
from tui.chart.state import Looking
from tui.chart.views import Subject, row_of

FEWEST_BATCHES = 8  # that an epoch must have for percentiles over its batches


@dataclass(frozen=True)
class Scene:
    """One run with everything that was read of it.

    Args:
        run: None where there is no run at all.
        columns: its epochs so far.
        reference: another run, or None.
        behind: the epochs of the reference; None where it has none.
    """

    run: Run | None = None
    columns: Columns = field(default_factory=Columns)
    reference: Run | None = None
    behind: Columns | None = None

    @classmethod
    def of(cls, run: Run | None, reference: Run | None, history_of: Callable[[str], History | None]) -> Scene:
        """A run before its reference; a run is not its own."""
        if run is None:
            return cls()
        reference = None if reference is None or reference.id == run.id else reference
        history = history_of(run.id)
        behind = history_of(reference.id) if reference is not None else None
        return cls(
            run,
            history.columns if history is not None else Columns(),
            reference,
            behind.columns if behind is not None and len(behind.columns) else None,
        )

    @property
    def run_ids(self) -> list[str]:
        """Whose histories it needs."""
        return [run.id for run in (self.run, self.reference) if run is not None]

    @property
    def has_curves(self) -> bool:
        return self.run is not None and len(self.columns) > 0

    @property
    def what(self) -> tuple[str, str, str] | None:
        """What it is of; where this changes, everything is drawn at once."""
        return None if self.run is None else (self.run.id, self.run.state, self.reference.id if self.reference else "")

    @property
    def best(self) -> int | None:
        """The row of the selected epoch; of a run that goes on, of the best so far."""
        selected = ((self.run.summary if self.run else None) or {}).get("selected_epoch")
        row = row_of(self.columns, selected) if type(selected) is int else None
        return row if row is not None and self.columns.epochs[row] == selected else self.columns.best

    @property
    def has_band(self) -> bool:
        """Whether an epoch has batches enough for percentiles over them."""
        batches = batches_of(self.run) if self.run is not None else None
        return batches is not None and batches >= FEWEST_BATCHES

    def xs(self, looking: Looking) -> Sequence[float]:
        """Epochs, or seconds at their ends."""
        return self.columns.elapsed if looking.in_seconds else self.columns.epochs

    def subject(self) -> Subject:
        """What the charts need."""
        run, columns = self.run, self.columns
        if run is None:
            return Subject(columns, epochs=1, seconds=0.0)
        planned = (run.experiment.get("training") or {}).get("epochs")
        progress = (run.progress() if run.is_alive else None) or {}
        failure = run.document.get("failure") or {}
        failed_epoch = failure.get("epoch") if run.state == "failed" else None
        return Subject(
            columns,
            epochs=max(planned if type(planned) is int else 1, columns.epochs[-1] if len(columns) else 1),
            seconds=(progress.get("seconds") or 0.0) + (progress.get("eta_seconds") or 0.0),
            best=self.best,
            failed_epoch=failed_epoch if type(failed_epoch) is int else None,
            has_band=self.has_band,
            reference=self.behind,
        )


def batches_of(run: Run) -> int | None:
    """Batches in an epoch; None where it is not known."""
    progress = run.progress() if run.is_alive else None
    if progress:
        return int(progress["steps_per_epoch"])
    size = (run.experiment.get("training") or {}).get("batch_size")
    images = run.images.get("train")
    return math.ceil(images / size) if images and type(size) is int and size > 0 else None
