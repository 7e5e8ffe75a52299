"""Home: every run, live; filter, sort, marks, a reference."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widgets import Input, Static

from engine.store import Run, RunStore
from tui.acts import Done
from tui.explanation import explain
from tui.listing import cells
from tui.listing.about import about_lines, about_list
from tui.listing.cells import SPLITS, Row
from tui.listing.columns import VIEWS, RunColumn, columns_of
from tui.listing.run_list import RunList
from tui.listing.sparkline import ASCII, BLOCKS
from tui.output_files import save_text, wrote
from tui.screens.ask import Details
from tui.screens.wide_screen import WideScreen
from tui.widgets.about import About
from tui.widgets.empty_home import EmptyHome
from tui.widgets.run_table import Look, RunTable
from tui.written import runs_csv

_QUIET_SECONDS = 5.0  # without a key, then a sorted list may move
_AGES_SECONDS = 30.0
_STARTING_SECONDS = 1.0
_SHORT = 20  # lines: a terminal below has better use for two of them
_NEEDS_RUNS = {
    "mark", "mark_all", "filter", "sort", "split", "view", "running", "write",
    "reference", "describe", "edit", "copy", "pause", "stop", "export", "trash",
}  # fmt: skip


class RunsScreen(WideScreen):
    """The table of runs, and what is known of the one under the cursor."""

    TITLE_WORD = "Runs"
    PARTS = (RunTable,)
    CSS_PATH = "runs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Curves", tooltip="Its curves, or why it has none; at first: three poolings"),
        Binding("enter", "first_study", "Three poolings", tooltip="The first study: three poolings of digits"),
        Binding("space", "mark", "Mark", tooltip="Mark the run, and go on to the next"),
        Binding("slash", "filter", "Filter", key_display="/", tooltip="As in: state:finished pooling:max test>0.8"),
        Binding("s", "sort", "Sort", tooltip="By the column that h and l choose; again: reverse; again: newest first"),
        Binding("t", "split", "Split", tooltip="Accuracies on validation, test, train"),
        Binding("v", "view", "View", tooltip="Columns: quality, time, settings"),
        Binding("left_square_bracket", "running(-1)", "Running", key_display="[ ]", tooltip="The running run above"),
        Binding("right_square_bracket", "running(1)", "Running", show=False, tooltip="The running run below"),
        Binding("w", "write", "Write", show=False, tooltip="Write the marked runs, or all that are shown, as CSV"),
        Binding("a", "mark_all", "Mark all", show=False, tooltip="Mark all that are shown; again: none of them"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._list = RunList()
        self._view, self._split = VIEWS[0], SPLITS[0]
        self._levels, self._columns = BLOCKS, columns_of(VIEWS[0], SPLITS[0])
        self._sorting: Timer | None = None
        self._is_empty = False  # it is known that there are no runs

    def compose_body(self) -> ComposeResult:
        yield EmptyHome(self.lab.store.root.name)
        with Horizontal(id="body"):
            yield RunTable(self.lab.selection, id="table")
        yield About(id="about")

    def on_mount(self) -> None:
        self._levels = BLOCKS if self.has_unicode else ASCII
        self._choose_columns()
        selection = self.lab.selection
        self._list.look_for(selection.filter)
        self._list.sort_by(selection.sort)
        super().on_mount()
        self.query_one(RunTable).focus()
        self.set_interval(_AGES_SECONDS, self._show_ages)
        self.set_interval(_STARTING_SECONDS, self._show_starting)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.set_class(self.app.size.height < _SHORT, "-short")

    @property
    def run_shown(self) -> Run | None:
        return self.query_one(RunTable).run

    def show_runs(self, runs: Sequence[Run]) -> None:
        seen = self.lab.seen
        is_new = seen.runs is not self._list.runs
        self._list.show(seen)
        if is_new and self.lab.selection.sort:
            self._sort_when_quiet()
        self._show_empty(self.lab.has_read and not runs)
        if self._is_empty != (self.lab.has_read and not runs):
            self._is_empty = not self._is_empty
            self.refresh_bindings()
        self._show_rows()

    def _show_rows(self) -> None:
        look = Look(self._columns, self._row, self._view == "settings")
        self.query_one(RunTable).show(self._list.rows, look)
        self.head(self._list.runs, self._about_list())
        self._show_about()

    def _show_empty(self, empty: bool) -> None:
        home = self.query_one(EmptyHome)
        was_empty = home.display
        if empty:
            home.show(self.lab.seen.trouble)
        elif was_empty:
            home.hide()
        if empty == was_empty:
            return
        self.query_one("#body").display = not empty
        if not empty and self.focused is None:
            self.query_one(RunTable).focus()  # a hidden widget loses the focus

    def _row(self, run: Run) -> Row:
        return self._list.row(run, time.time())

    def _about_list(self) -> str:
        if not self.lab.has_read:
            return f"reading {self.lab.store.root.name}/ …"
        columns = self._split if self._view == "quality" else self._view
        return about_list(self.lab.store.root.name, self.lab.seen, self.lab.selection, len(self._list.rows), columns)

    def _show_about(self) -> None:
        run = self.query_one(RunTable).run
        row = self._row(run) if run is not None else None
        before = [f"! filter: {self._list.problem}"] if self._list.problem else []
        if row is None and self._list.runs:
            before.append("nothing passes the filter; esc clears it")

        def lines(width: int) -> list[str]:
            return [*before, *(about_lines(row, width) if row is not None else ())][:3]

        self.query_one(About).show(lines)
        self.show_curves()

    def _show_ages(self) -> None:
        if self.is_current:
            self._show_rows()

    def _show_starting(self) -> None:
        if self.is_current and self.lab.seen.phase_began:
            self._show_rows()

    # order and columns

    def _sort_when_quiet(self) -> None:
        """A sorted list moves only after five seconds without a key."""
        left = _QUIET_SECONDS - self.lab.quiet_seconds
        if left <= 0:
            self._list.sort_again()
        elif self._sorting is None:
            self._sorting = self.set_timer(left + 0.05, self._sort_later)

    def _sort_later(self) -> None:
        self._sorting = None
        if self.lab.selection.sort:
            self._sort_when_quiet()
            self._show_rows()

    def action_sort(self) -> None:
        column = self.query_one(RunTable).column
        if column is not None:
            self._sort_by(column)

    @on(RunTable.HeadingClicked)
    def sort_by_heading(self, message: RunTable.HeadingClicked) -> None:
        self._sort_by(message.column)

    def _sort_by(self, column: RunColumn) -> None:
        if not column.key:
            self.lab.tell(f"runs cannot be sorted by {column.heading.strip()}; h and l choose another column")
            return
        following = {column.key: f"-{column.key}", f"-{column.key}": ""}
        self.lab.selection.sort = following.get(self.lab.selection.sort, column.key)
        self._list.sort_by(self.lab.selection.sort)
        self._show_rows()

    def action_split(self) -> None:
        self._split = SPLITS[(SPLITS.index(self._split) + 1) % len(SPLITS)]
        self._view = "quality"
        self._choose_columns()
        self._show_rows()

    def action_view(self) -> None:
        self._view = VIEWS[(VIEWS.index(self._view) + 1) % len(VIEWS)]
        self._choose_columns()
        self._show_rows()

    def _choose_columns(self) -> None:
        self._columns = columns_of(self._view, self._split, self._levels)

    # the cursor and the marks

    @on(RunTable.Moved)
    def follow_cursor(self) -> None:
        self._show_about()

    @on(RunTable.InView)
    def follow_view(self, message: RunTable.InView) -> None:
        self.lab.follow_traces(message.runs)

    def action_mark(self) -> None:
        table = self.query_one(RunTable)
        if table.run is not None:
            self.lab.selection.toggle_mark(table.run.id)
            table.action_move(1)
            self.lab.selection_changed()

    def action_mark_all(self) -> None:
        marks, shown = self.lab.selection.marks, [run.id for run in self._list.rows]
        if all(run_id in marks for run_id in shown):
            for run_id in shown:
                del marks[run_id]
        else:
            marks.update(dict.fromkeys(shown))
        self.lab.selection_changed()

    @work
    async def action_write(self) -> None:
        marked = [run for run in self.lab.runs if run.id in self.lab.selection.marks]
        runs = marked or list(self._list.rows)
        self.lab.act(lambda: wrote([save_text("runs.csv", runs_csv(runs))], more=f": {len(runs)} runs"))

    def action_running(self, by: int) -> None:
        rows, table = self._list.rows, self.query_one(RunTable)
        places = range(table.cursor + 1, len(rows)) if by > 0 else range(table.cursor - 1, -1, -1)
        found = next((place for place in places if rows[place].is_alive), None)
        if found is None:
            self.lab.tell(f"no run trains {'below' if by > 0 else 'above'} this one")
        else:
            table.action_move(found - table.cursor)

    async def action_open(self) -> None:
        run = self.query_one(RunTable).run
        if run is not None and cells.note(self._row(run)).endswith(cells.HINTS):
            self._explain(run)
        elif run is not None:
            await self.lab.action_show("curves")

    def action_first_study(self) -> None:
        self.lab.act(lambda: _start_first_study(self.lab.store), "queueing three poolings of digits …")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Of a home without runs, only what makes one is offered; enter is then the first study."""
        if not self._is_empty:
            return action != "first_study"
        if action == "open":
            return False
        return None if action in _NEEDS_RUNS else True

    @work(thread=True, exclusive=True, group="explain")
    def _explain(self, run: Run) -> None:
        lines = explain(run)
        self.app.call_from_thread(self.app.push_screen, Details(f"{run.name}  {run.state}", lines))

    # the filter

    async def action_filter(self) -> None:
        if not self.query("#filter"):
            field = Input(self.lab.selection.filter, placeholder="words  key:value  key>0.9", compact=True)
            await self.mount(Horizontal(Static(" /"), field, id="filter"), before="#about")
        self.set_focus(self.query_one("#filter Input"))  # at once: what is typed behind the key is for the field

    @on(Input.Changed)
    def narrow(self, message: Input.Changed) -> None:
        self.lab.selection.filter = message.value
        self._list.look_for(message.value)
        self._show_rows()

    @on(Input.Submitted)
    async def leave_filter(self) -> None:
        await self.query("#filter").remove()
        self.set_focus(self.query_one(RunTable))

    async def action_back(self) -> None:
        if self.lab.selection.filter or self.query("#filter"):
            self.lab.selection.filter = ""
            self._list.look_for("")
            await self.leave_filter()
        elif self.lab.selection.marks:
            self.lab.selection.marks.clear()
        self.lab.selection_changed()


def _start_first_study(store: RunStore) -> Done:
    from tui.first_study import queue_first_study  # brings the settings' models with it

    return queue_first_study(store)
