"""Curves: loss and accuracy of the run under the cursor, drawn as they come; the reference behind it."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from engine.listing import ended_words, progress_words, share_done
from engine.store import Run
from engine.text import clean
from tui.plot import Series, stepped
from tui.screens.run_screen import RunScreen
from tui.widgets.chart import Chart

_TRAIN, _VALIDATION, _REFERENCE = "cyan", "orange+", "gray+"


class CurvesScreen(RunScreen):
    """Two charts side by side, and one line of progress above them."""

    TITLE_WORD = "Curves"
    CSS_PATH = "curves.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "other(-1)", "Newer", key_display="[", tooltip="The run above in the list"),
        Binding("right_square_bracket", "other(1)", "Older", key_display="]", tooltip="The run below in the list"),
    ]

    def compose_body(self) -> ComposeResult:
        yield Static("", id="progress", markup=False)
        with Horizontal(id="charts"):
            yield Chart("Loss", id="loss")
            yield Chart("Accuracy, %", id="accuracy")
        yield Static("", id="about", markup=False)

    def show_runs(self, runs: Sequence[Run]) -> None:
        run = self.lab.run_under_cursor
        if run is None:
            self.head(runs, "no run yet; 1 goes back")
            return
        self.head(runs, f"{run.name}  {run.state}")
        self._tell_progress(run)
        reference = self.lab.run_of(self.lab.selection.reference)
        behind_id = reference.id if reference is not None and reference.id != run.id else None
        self.lab.follow_histories([run_id for run_id in (run.id, behind_id) if run_id])
        histories = self.lab.history_of(run.id), self.lab.history_of(behind_id)
        records, behind = (history.records if history else [] for history in histories)
        self._draw(run, records, behind)
        self._tell_about(run, records)

    def _draw(self, run: Run, records: list[dict[str, Any]], behind: list[dict[str, Any]]) -> None:
        epochs = float((run.experiment.get("training") or {}).get("epochs") or len(records) or 1)
        losses = [
            _series("reference", behind, "validation", "loss", 1.0),
            _series("train", records, "train", "loss", 1.0),
            _series("validation", records, "validation", "loss", 1.0),
        ]
        highest = max((y for one in losses for y in one.ys if isfinite(y)), default=1.0)
        self.query_one("#loss", Chart).show(losses, epochs, (0.0, stepped(highest)))
        accuracies = [
            _series("reference", behind, "validation", "accuracy", 100.0),
            _series("train", records, "train", "accuracy", 100.0),
            _series("validation", records, "validation", "accuracy", 100.0),
        ]
        lowest = min((y for one in accuracies for y in one.ys if isfinite(y)), default=0.0)
        floor = max(0.0, 20.0 * (lowest // 20.0))
        self.query_one("#accuracy", Chart).show(accuracies, epochs, (min(floor, 80.0), 100.0))

    def _tell_progress(self, run: Run) -> None:
        progress = run.progress() if run.is_alive else None
        if not progress:
            text = ended_words(run) if not run.is_alive and run.state != "queued" else run.state
            self.query_one("#progress", Static).update(f" {text}")
            return
        width = max(10, self.size.width - 12)
        share = share_done(progress)
        bar = "#" * round(share * width)
        words = progress_words(progress, run.state)
        self.query_one("#progress", Static).update(f" [{bar:<{width}}] {100 * share:3.0f} %\n {words}")

    def _tell_about(self, run: Run, records: list[dict[str, Any]]) -> None:
        lines = ["t train (as seen, weights moving)   v validation   . reference"]
        best = max(
            (record for record in records if record.get("validation")),
            key=lambda record: record["validation"]["accuracy"]["mean"] or 0.0,
            default=None,
        )
        if best is not None:
            accuracy = 100 * (best["validation"]["accuracy"]["mean"] or 0.0)
            lines.append(f"best on validation {accuracy:.1f} % at epoch {best['epoch']}")
        if run.document.get("failure"):
            lines.append(clean((run.document["failure"] or {}).get("reason")))
        self.query_one("#about", Static).update("\n".join(f" {line}" for line in lines[:2]))

    def action_other(self, by: int) -> None:
        self.lab.move_cursor(by)
        self.show_runs(self.lab.runs)


def _series(name: str, records: list[dict[str, Any]], split: str, what: str, scale: float) -> Series:
    colours = {"train": (_TRAIN, "t"), "validation": (_VALIDATION, "v"), "reference": (_REFERENCE, ".")}
    points = [(record["epoch"], record[split][what]["mean"]) for record in records if record.get(split)]
    ys = [float("nan") if y is None else scale * y for _, y in points]
    return Series(name, [float(x) for x, _ in points], ys, *colours[name])
