"""Compare: the marks, else the study of the run under the cursor: seeds as dots, the pick and its reason."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.comparison.written import comparison_text
from engine.store import Run
from engine.text import clean
from tui.compare.choice import Choice, Compared, choose, compare_runs, too_few
from tui.compare.curves import curve_ids
from tui.compare.further import further
from tui.compare.look import Look, Seen
from tui.glyphs import has_unicode
from tui.output_files import save_as, wrote
from tui.screens.ask import Prompt
from tui.screens.filtered import FilteredScreen
from tui.widgets.cell_table import CellTable
from tui.widgets.compare_parts import CompareParts
from tui.widgets.lines import Lines

_AROUND = 5  # lines of heading, status and keys
Key = tuple[object, ...]


class CompareScreen(FilteredScreen):
    """A table, below it what may be said of it; views by `v`."""

    TITLE_WORD = "Compare"
    PARTS = (CellTable, Lines)
    CSS_PATH = "compare.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "curves", "Curves", tooltip="Curves of the row's run"),
        Binding("v", "view", "View", tooltip="Seeds, runs, pairs of models, curves"),
        Binding("t", "split", "Split", tooltip="Numbers of test, train, validation"),
        Binding("left_square_bracket", "change(-1)", "Change", key_display="[ ]", tooltip="Up to another value here"),
        Binding("right_square_bracket", "change(1)", "Next", show=False, tooltip="Down to another value here"),
        Binding("s", "sort", "Sort", tooltip="By the column that h and l choose; again: reverse; again: as it was"),
        Binding("slash", "filter", "Filter", key_display="/", tooltip="Rows that hold these words"),
        Binding(
            "space", "mark", "Mark", tooltip="Mark the row's run; what is compared stays until Compare is shown anew"
        ),
        Binding("a", "mark_all", "Mark all", show=False, tooltip="Mark the runs of all rows; again: none of them"),
        Binding(
            "m", "more_seeds", "4 seeds", show=False, tooltip="New, filled with these settings x 4 seeds not seen yet"
        ),
        Binding("w", "write", "Write", tooltip="Write CSV, Markdown or HTML into the working folder"),
        Binding("y", "copy", "Copy", tooltip="Copy the command that prints this comparison"),
    ]

    class Made(Message):
        """A comparison was made."""

        def __init__(self, key: Key, compared: Compared) -> None:
            super().__init__()
            self.key, self.compared = key, compared

    def __init__(self) -> None:
        super().__init__()
        self._look = Look()
        self._choice = Choice()
        self._key: Key = ()
        self._seen = Seen(Compared(), self._look)
        self._is_busy = False
        self._is_held = False  # marks are being made here: until the screen is shown anew, they choose nothing

    def compose_body(self) -> ComposeResult:
        yield CompareParts(has_braille=has_unicode(self.app.console.encoding), id="parts")
        yield from self.compose_filter("rows")

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self._table)

    @property
    def _parts(self) -> CompareParts:
        return self.query_one(CompareParts)

    @property
    def _table(self) -> CellTable:
        return self._parts.table

    # what there is

    def show_runs(self, runs: Sequence[Run]) -> None:
        selection = self.lab.selection
        if self._is_held:
            kept = [self.lab.run_of(run.id) for run in self._choice.runs]
            self._choice = Choice([run for run in kept if run is not None], self._choice.why)
        else:
            self._choice = choose(runs, selection.marks, self.lab.run_under_cursor)
        chosen = self._choice.runs
        problem = too_few(self._choice, self.lab.run_under_cursor) if len(chosen) < 2 else ""
        base = selection.reference if any(run.id == selection.reference for run in chosen) else None
        more = further(chosen, runs).runs if chosen else ()
        key = (tuple((run.id, run.state) for run in (*chosen, *more)), base, self._look.split, problem)
        if key != self._key:
            self._key = key
            if problem:
                self._is_busy = False
                self._seen = Seen(Compared(problem=problem), self._look)
                self._draw()
            else:
                self._is_busy = True
                self._compare(key, chosen, base, self._look.split, runs)
        if self._parts.has_chart:
            self._parts.draw_chart(self._seen, self.lab.history_of)
        self._say_head()

    @work(thread=True, exclusive=True, group="compare")
    def _compare(self, key: Key, runs: Sequence[Run], base: str | None, split: str, known: Sequence[Run]) -> None:
        try:
            compared = compare_runs(runs, base, split, known)
        except Exception as error:  # noqa: BLE001 - a thread that fails must say so, whatever it is
            compared = Compared(problem=f"this should not happen: {clean(error)}")
        self.post_message(self.Made(key, compared))

    @on(Made)
    def take_comparison(self, message: Made) -> None:
        if message.key == self._key:
            self._is_busy = False
            self._seen = Seen(message.compared, self._look)
            self._draw()

    def _say_head(self) -> None:
        choice = self._choice
        busy = f"comparing …  {len(choice.runs):,} runs: {choice.why}"
        self.head(self.lab.runs, busy if self._is_busy else self._seen.about(choice.why))

    def _draw(self) -> None:
        """What is shown stays until the next comparison is made."""
        self._say_head()
        seen, parts = self._seen, self._parts
        if seen.compared.problem:
            parts.say(seen.compared.problem)
            return
        room = self.size.height - _AROUND - self.filter_field.display
        parts.show(seen, self.lab.selection.marks if self._is_held else (), self.size.width, room)
        if parts.has_chart:
            self.lab.follow_histories(curve_ids(seen.document))
            parts.draw_chart(seen, self.lab.history_of)
        if not self.filter_field.has_focus and (self.focused is None or not self.focused.display):
            parts.focus_view(self._look.view)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self._draw()

    # keys

    def _row_run(self) -> Run | None:
        """The run that the row under the cursor stands for."""
        if self._look.view == "curves":
            return self.lab.run_under_cursor
        return self.lab.run_of(self._seen.run_of(self._table.key))

    @on(CellTable.Moved)
    def follow_cursor(self) -> None:
        """Acts act on the run of the row; what is compared stays, for it is of the same study, marks or data."""
        if (run := self._row_run()) is not None and run.id in {chosen.id for chosen in self._choice.runs}:
            self.lab.selection.cursor = run.id

    def action_reference(self) -> None:
        """The row's group, by its run; of the reference's own group: none."""
        run = self._row_run()
        groups = self._seen.document.get("groups", ())
        home: Sequence[str] = next(
            (group["runs"] for group in groups if run is not None and run.id in group["runs"]), []
        )
        selection = self.lab.selection
        if run is None:
            self.lab.tell("there is no run in this row")
        elif selection.reference in home:
            selection.reference = None
        else:
            selection.reference = run.id
        self.lab.selection_changed()

    @on(CellTable.Chosen)
    async def action_curves(self) -> None:
        if (run := self._row_run()) is not None:
            self.lab.selection.cursor = run.id
            await self.lab.action_show("curves")

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        self._is_held = False
        super().on_screen_resume(event)
        self._draw()  # without the signs of marks

    def action_mark(self) -> None:
        if (run := self._row_run()) is None or self._look.view == "curves":
            self.lab.tell("space marks the run of a row; v goes to a table")
            return
        self._mark([run.id])
        self._table.action_move(1)

    def action_mark_all(self) -> None:
        seen = self._seen
        shown = dict.fromkeys(run_id for key in seen.sheet().keys if (run_id := seen.run_of(key)))
        marks = self.lab.selection.marks
        self._mark([run_id for run_id in shown if run_id not in marks] or list(shown))

    def _mark(self, run_ids: Sequence[str]) -> None:
        """Mark these, or no longer; the table stays, for whoever marks wants to see what else there is."""
        self._is_held = True
        selection = self.lab.selection
        for run_id in run_ids:
            selection.toggle_mark(run_id)
        self.lab.selection_changed()
        self._draw()
        self.lab.tell(f"{len(selection.marks)} marked; 1 and 4 again compare them alone")

    def action_view(self) -> None:
        self._look.next_view()
        self._draw()
        self._parts.focus_view(self._look.view)

    def action_split(self) -> None:
        self._look.next_split()
        self._draw()
        self.show_runs(self.lab.runs)

    async def action_more_seeds(self) -> None:
        if offer := self._seen.compared.offer:
            await self.lab.configure(offer.like, offer.texts)
            self.lab.tell(
                f"{offer.settings} settings x {len(offer.seeds)} seeds that nobody has looked at: S starts them"
            )
        elif count := len(self._seen.compared.more.runs):
            self.lab.tell(f"{count} runs of these settings with other seeds are there; n sets up one more")
        else:
            self.lab.tell("m is for settings that were trained once each and have ended; n sets up one like the run")

    def action_change(self, by: int) -> None:
        if not self._table.go_to_change(by):
            self.lab.tell("all rows have the same value in this column; h and l choose another")

    def action_sort(self) -> None:
        if self._look.view != "curves" and (column := self._table.column):
            self._look.press(column)
            self._draw()

    @on(CellTable.HeadingClicked)
    def sort_by_heading(self) -> None:
        self.action_sort()

    def action_filter(self) -> None:
        super().action_filter()
        self._draw()

    def narrow_to(self, words: str) -> None:
        self._look.words = words
        self._draw()

    def leave_field(self) -> None:
        self._table.focus()
        self._draw()

    async def action_back(self) -> None:
        field = self.filter_field
        if field.display or self._look.words:
            field.value = self._look.words = ""
            self.keep_filter()
        elif self._look.view != "seeds":
            self._look.view = "seeds"
            self._draw()
            self._table.focus()
        else:
            await super().action_back()

    @work
    async def action_write(self) -> None:
        document = self._seen.document
        if not document:
            self.lab.tell("there is no comparison to write yet")
            return
        prompt = Prompt(
            "Write the comparison as (.csv, .md, .html): a name, or a path", "comparison.csv", keep="write it"
        )
        if (name := await self.app.push_screen_wait(prompt)) is not None:
            self.lab.act(lambda: wrote([save_as(name, comparison_text(document, name))], name))

    def action_copy(self) -> None:
        runs = self._choice.runs
        if len(runs) < 2:
            self.lab.tell("there is no comparison to copy yet")
            return
        words = ["cnnlab", "compare", *(run.id for run in runs), "--split", self._look.split]
        if any(run.id == self.lab.selection.reference for run in runs):
            words += ["--reference", str(self.lab.selection.reference)]
        command = shlex.join([*words, "--runs", str(self.lab.store.root)])
        self.app.copy_to_clipboard(command)
        self.lab.tell(f"copied: cnnlab compare of {len(runs)} runs", details=command)
