"""Report: the scores of every class of the run under the cursor, on test, validation or train."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from engine.errors import LabError
from engine.report.formats import report_document
from engine.report.lines import report_lines
from engine.store import Run
from tui.screens.run_screen import RunScreen
from tui.widgets.lines import Lines

_SPLITS = ("test", "validation", "train")


class ReportScreen(RunScreen):
    """The report as `cnnlab report` prints it."""

    TITLE_WORD = "Report"
    PARTS = (Lines,)
    CSS_PATH = "report.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "split", "Split", tooltip="Test, validation, train"),
        Binding("left_square_bracket", "other(-1)", "Newer", key_display="[", tooltip="The run above in the list"),
        Binding("right_square_bracket", "other(1)", "Older", key_display="]", tooltip="The run below in the list"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._split = 0

    def compose_body(self) -> ComposeResult:
        yield Lines(id="report")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Lines).focus()

    def show_runs(self, runs: Sequence[Run]) -> None:
        run, split = self.lab.run_under_cursor, _SPLITS[self._split]
        if run is None:
            self.head(runs, "no run yet; 1 goes back")
            return
        self.head(runs, f"{run.name}  {run.state}  {split}")
        try:
            document = report_document(run, split)
        except LabError as error:
            message = error.message
            self.query_one(Lines).show(lambda width: [message])
            return

        def make(width: int) -> Iterable[str]:
            return report_lines(document, width)

        self.query_one(Lines).show(make)

    def action_split(self) -> None:
        self._split = (self._split + 1) % len(_SPLITS)
        self.show_runs(self.lab.runs)

    def action_other(self, by: int) -> None:
        self.lab.move_cursor(by)
        self.show_runs(self.lab.runs)
