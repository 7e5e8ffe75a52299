"""Home: every run, live; filter, sort, marks, a reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from engine.errors import LabError
from engine.filters import parse_filter, sort_runs
from engine.listing import ended_words, progress_words
from engine.store import Run
from engine.text import clean
from tui.first_study import queue_first_study
from tui.screens.run_screen import RunScreen
from tui.widgets.run_table import RunTable

_SORTS = ("", "val", "test", "gap", "time", "state", "name")
_EMPTY = """
 Nothing has been trained here yet.

 enter   trains one network with three poolings on handwritten digits: about a minute on a CPU
 q       leaves; what trains goes on

 On the command line: cnnlab study pooling --dataset cifar100 --classes apple,aquarium_fish,baby --detach
"""


class RunsScreen(RunScreen):
    """The table of runs, and what is known of the one under the cursor."""

    TITLE_WORD = "Runs"
    PARTS = (RunTable,)
    CSS_PATH = "runs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Curves", tooltip="The run's curves; in an empty folder: the first study"),
        Binding("space", "mark", "Mark", tooltip="Mark the run, and go on to the next"),
        Binding("slash", "filter", "Filter", key_display="/", tooltip="As in: state:finished pooling:max test>0.8"),
        Binding("s", "sort", "Sort", tooltip="Newest, val, test, gap, time, state, name"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._problem = ""

    def compose_body(self) -> ComposeResult:
        yield Static(_EMPTY, id="empty", markup=False)
        yield RunTable(id="table")
        yield Input(placeholder="filter: words, key:value, key>0.9", id="filter", compact=True)
        yield Static("", id="about", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#filter").display = False
        self.query_one(RunTable).focus()

    def show_runs(self, runs: Sequence[Run]) -> None:
        shown = self._chosen(runs)
        empty = not runs and self.lab.has_read
        self.query_one("#empty").display = empty
        table = self.query_one(RunTable)
        table.display = not empty
        if table.display and self.focused is None:
            table.focus()  # a hidden widget loses the focus
        selection = self.lab.selection
        table.show(shown, list(selection.marks), selection.reference, selection.cursor)
        selection.cursor = table.run_id or selection.cursor
        order = f"by {selection.sort}" if selection.sort else "newest first"
        parts = [f"{self.lab.store.root.name}/", f"{len(shown)} of {len(runs)}", self.lab.selection.filter, order]
        if selection.marks:
            parts.append(f"{len(selection.marks)} marked")
        if selection.reference:
            parts.append("* = ref")
        self.head(runs, "  ".join(filter(None, parts)))
        self._tell_about()

    def _chosen(self, runs: Sequence[Run]) -> Sequence[Run]:
        self._problem = ""
        try:
            test = parse_filter(self.lab.selection.filter)
            found = [run for run in runs if test(run)]
            key = self.lab.selection.sort
            return sort_runs(found, key) if key else found
        except LabError as error:
            self._problem = error.message
            return runs

    def _tell_about(self) -> None:
        run = self.lab.run_under_cursor
        lines = [self._problem]
        if run is not None and not self._problem:
            dataset = run.experiment.get("dataset") or {}
            classes = ", ".join(dataset.get("classes") or [])
            lines = [f"{clean(run.name)}  {clean(dataset.get('name', ''))}: {clean(classes)}", self._news(run)]
        self.query_one("#about", Static).update("\n".join(f" {line}" for line in lines if line))

    def _news(self, run: Run) -> str:
        if run.damage or run.read_only_reason:
            return clean(run.damage or run.read_only_reason)
        if run.document.get("waiting"):
            return clean(run.document["waiting"])
        progress = run.progress() if run.is_alive else None
        if progress:
            return progress_words(progress, run.state)
        return run.state if run.state == "queued" or run.is_alive else ended_words(run)

    @on(RunTable.Moved)
    def follow_cursor(self, message: RunTable.Moved) -> None:
        self.lab.selection.cursor = message.run_id
        self._tell_about()

    @on(Input.Changed, "#filter")
    def narrow(self, message: Input.Changed) -> None:
        self.lab.selection.filter = message.value
        self.show_runs(self.lab.runs)

    @on(Input.Submitted, "#filter")
    def leave_filter(self) -> None:
        self._close_filter()

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    async def action_back(self) -> None:
        field = self.query_one("#filter", Input)
        if field.display or self.lab.selection.filter:
            field.value = ""
            self._close_filter()
        elif self.lab.selection.marks:
            self.lab.selection.marks.clear()
        self.show_runs(self.lab.runs)

    def _close_filter(self) -> None:
        self.query_one("#filter").display = False
        self.query_one(RunTable).focus()

    def action_sort(self) -> None:
        selection = self.lab.selection
        place = _SORTS.index(selection.sort) if selection.sort in _SORTS else 0
        selection.sort = _SORTS[(place + 1) % len(_SORTS)]
        self.show_runs(self.lab.runs)

    def action_mark(self) -> None:
        table = self.query_one(RunTable)
        if table.run_id:
            self.lab.selection.toggle_mark(table.run_id)
            table.action_move(1)
            self.lab.selection.cursor = table.run_id
            self.show_runs(self.lab.runs)

    async def action_open(self) -> None:
        if self.lab.runs:
            await self.lab.action_show("curves")
        else:
            self.lab.act(lambda: queue_first_study(self.lab.store), "preparing digits …")
