"""Compare: the marks, else the study of the run under the cursor: groups over seeds, the pick and its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult

from engine.comparison import compare
from engine.comparison.lines import comparison_lines
from engine.errors import LabError
from engine.store import Run
from engine.study import studies
from tui.screens.run_screen import RunScreen
from tui.widgets.lines import Lines


class CompareScreen(RunScreen):
    """The comparison as `cnnlab compare` prints it."""

    TITLE_WORD = "Compare"
    PARTS = (Lines,)
    CSS_PATH = "compare.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._known: tuple[object, ...] = ()

    def compose_body(self) -> ComposeResult:
        yield Lines(id="comparison")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Lines).focus()

    def show_runs(self, runs: Sequence[Run]) -> None:
        chosen, what = self._choose(runs)
        self.head(runs, f"{len(chosen)} runs: {what}")
        known = (tuple((run.id, run.state) for run in chosen), self.lab.selection.reference)
        if known == self._known:
            return
        self._known = known
        if len(chosen) < 2:
            self.query_one(Lines).show(lambda width: ["Mark two runs or more with space, or go to a run of a study."])
            return
        reference = self.lab.selection.reference
        base = reference if any(run.id == reference for run in chosen) else None
        try:
            document = compare(chosen, reference=base)
        except LabError as error:
            message = error.message
            self.query_one(Lines).show(lambda width: [message])
            return

        def make(width: int) -> Iterable[str]:
            return comparison_lines(document, width)

        self.query_one(Lines).show(make)

    def _choose(self, runs: Sequence[Run]) -> tuple[Sequence[Run], str]:
        marks = self.lab.selection.marks
        if marks:
            return [run for run in runs if run.id in marks], "the marked ones"
        cursor = self.lab.run_under_cursor
        if cursor is not None and cursor.study:
            for study in studies(runs):
                if study.id == cursor.study.get("id"):
                    return study.runs, f"study {study.name} {study.id}"
        if cursor is None:
            return [], "none"
        dataset = cursor.experiment.get("dataset")
        return [run for run in runs if run.experiment.get("dataset") == dataset][:12], "the last ones on the same data"
