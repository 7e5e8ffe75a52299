"""Report: scores of every class, what is taken for what, and the pictures of it; against a reference."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine.layout import wrapped
from engine.report.absent import no_report_words
from engine.report.loaded import LoadedReport, load_report
from engine.report.written import report_text
from engine.store import Run, layout
from engine.text import clean
from tui.acts import Done
from tui.glyphs import has_unicode
from tui.output_files import file_name, save_as, wrote
from tui.report.look import Look, Seen
from tui.screens.ask import Prompt
from tui.screens.filtered import FilteredScreen
from tui.widgets.cell_table import CellTable
from tui.widgets.gallery import Gallery
from tui.widgets.matrix import Matrix
from tui.widgets.report_parts import ReportParts

Key = tuple[object, ...]


class ReportScreen(FilteredScreen):
    """Table, matrix and pairs beside each other where there is room; each alone, and the pictures, by `v`."""

    TITLE_WORD = "Report"
    PARTS = (CellTable, Matrix, Gallery)
    CSS_PATH = "report.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "deeper", "Pictures", tooltip="The images that were confused; of a superclass, its classes"),
        Binding("t", "split", "Split", tooltip="Test, train, both beside each other, validation"),
        Binding("v", "view", "View", tooltip="Table, matrix, pairs, pictures"),
        Binding("s", "sort", "Sort", tooltip="By the column that h and l choose; again: reverse; again: as it was"),
        Binding("slash", "filter", "Filter", key_display="/", tooltip="Classes whose name holds these words"),
        Binding("left_square_bracket", "other(-1)", "Newer", key_display="[", tooltip="The run above in the list"),
        Binding("right_square_bracket", "other(1)", "Older", key_display="]", tooltip="The run below in the list"),
        Binding("space", "mark", "Mark", tooltip="Mark the class; matrix and pairs then show the marked ones alone"),
        Binding("a", "mark_all", "All", show=False, tooltip="Mark all classes that are shown; again: none"),
        Binding("w", "write", "Write", tooltip="Write CSV, HTML or JSON into the working folder"),
        Binding("y", "copy", "Copy", tooltip="Copy the command that prints this report"),
    ]

    class Loaded(Message):
        """A report was read."""

        def __init__(self, key: Key, report: LoadedReport) -> None:
            super().__init__()
            self.key, self.report = key, report

    def __init__(self) -> None:
        super().__init__()
        self._look = Look()
        self._key: Key = ()
        self._report: LoadedReport | None = None

    def compose_body(self) -> ComposeResult:
        yield Static("", id="absent", markup=False)
        yield ReportParts(blocks=has_unicode(self.app.console.encoding), id="parts")
        yield Static("", id="words", markup=False)
        yield from self.compose_filter("classes")

    def on_mount(self) -> None:
        super().on_mount()
        self._parts.table.focus()

    @property
    def _parts(self) -> ReportParts:
        return self.query_one(ReportParts)

    @property
    def _seen(self) -> Seen | None:
        """The report, looked at; None while there is none to look at."""
        report = self._report
        return Seen(report, self._look) if report is not None and not report.problem else None

    # what there is

    def show_runs(self, runs: Sequence[Run]) -> None:
        run, reference = self.lab.run_under_cursor, self.lab.run_of(self.lab.selection.reference)
        if run is None:
            self._key, self._report = (), None
            self.head(runs, "no run yet")
            self._say_absent("There is no run yet: n sets one up, 1 goes back.")
            return
        key = (run.id, run.state, reference and reference.id, reference and reference.state)
        if key != self._key:
            self._key = key
            self._load(key, run, reference)
        report = self._report
        if report is None or report.run.id != run.id:
            self.head(runs, f"{run.name}  {run.state}")
            if report is None:
                self._say_absent("reading the report …")
            return
        self.head(runs, Seen(report, self._look).about())
        if report.problem:
            self._say_why(run, report.problem)

    @work(thread=True, exclusive=True, group="report")
    def _load(self, key: Key, run: Run, reference: Run | None) -> None:
        try:
            report = load_report(run, reference)
        except Exception as error:  # noqa: BLE001 - a thread that fails must say so, whatever it is
            report = LoadedReport(run, reference, problem=f"this should not happen: {clean(error)}")
        self.post_message(self.Loaded(key, report))

    @on(Loaded)
    def take_report(self, message: Loaded) -> None:
        if message.key != self._key:
            return
        self._report = message.report
        self._look.keep_to(next(iter(message.report.documents.values()), {}).get("classes", ()))
        self._draw()

    def _draw(self) -> None:
        report, seen = self._report, self._seen
        if report is None:
            return
        self.head(self.lab.runs, Seen(report, self._look).about())
        if seen is None:
            self._say_why(report.run, report.problem)
            return
        self.query_one("#absent").display = False
        self._parts.display = True
        self._parts.show(seen, self.lab.data_dir)
        self._say()
        if self.focused is None or not self.focused.display:
            self._parts.focus_view()

    @on(Matrix.Moved)
    def _say(self) -> None:
        """The lines below: of the matrix its cell, of the table and the pairs what changed from the reference."""
        seen = self._seen
        lines: list[str] = []
        if seen is not None and self._look.view == "matrix":
            lines = [seen.cell_words(self._parts.matrix.cell)]
        elif seen is not None and self._look.view != "images":
            lines = [line for text in seen.sentences() for line in wrapped(text, self.size.width - 3)]
        words = self.query_one("#words", Static)
        words.display = bool(lines)
        words.styles.height = max(1, len(lines))
        words.update(Content("\n".join(f" {line}" for line in lines)))

    def _say_absent(self, *lines: str) -> None:
        self._parts.display = self.query_one("#words").display = False
        absent = self.query_one("#absent", Static)
        absent.display = True
        shown = [f" {line}" for text in lines for line in wrapped(text, self.size.width - 3)]
        absent.update(Content("\n".join(["", *shown])))

    def _say_why(self, run: Run, problem: str) -> None:
        """Why there is no report, and what one can do."""
        if run.is_alive:
            why, hint = no_report_words(run, run.progress()), "S ends it now; 3 shows its curves."
        elif run.state == layout.INTERRUPTED:
            why, hint = "interrupted", "P lets it go on, and its report comes when it ends; [ and ] go to others."
        else:
            why, hint = problem, "d describes the run; [ and ] go to others."
        self._say_absent(f"{clean(run.name)}: {why}.", hint)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self._draw()

    # keys

    def action_view(self) -> None:
        self._look.next_view()
        self._draw()
        self._parts.focus_view()

    def action_split(self) -> None:
        self._look.next_split()
        self._draw()

    def action_other(self, by: int) -> None:
        self.lab.move_cursor(by)
        self.lab.selection_changed()

    @on(CellTable.Chosen)
    @on(Matrix.Chosen)
    def action_deeper(self) -> None:
        """From a superclass to its classes, from a class or a pair to its pictures."""
        seen, matrix = self._seen, self._parts.matrix
        if seen is None or self._look.view == "images":
            return
        if matrix.has_focus and seen.is_empty(matrix.cell):
            self.lab.tell(seen.cell_words(matrix.cell))
        elif matrix.has_focus and seen.is_folded:
            self._look.open(matrix.cell)
        elif (pair := self._parts.pair) is not None:
            self._look.picture(pair)
        self._draw()
        self._parts.focus_view()

    def action_sort(self) -> None:
        parts = self._parts
        if parts.pairs.has_focus and parts.pairs.column:
            self._look.pair_order = self._look.pair_order.press(parts.pairs.column)
        elif parts.table.has_focus and parts.table.column:
            self._look.class_order = self._look.class_order.press(parts.table.column)
        else:
            self.lab.tell("s sorts the table and the pairs; v goes there")
        self._draw()

    @on(CellTable.HeadingClicked)
    def sort_by_heading(self, message: CellTable.HeadingClicked) -> None:
        message.table.focus()
        self.call_after_refresh(self.action_sort)

    def action_mark(self) -> None:
        table = self._parts.table
        if not table.has_focus or not isinstance(table.key, str):
            self.lab.tell("space marks classes in the table; v goes there")
            return
        self._look.toggle_mark(table.key)
        self._draw()
        table.action_move(1)

    def action_mark_all(self) -> None:
        if (seen := self._seen) is not None:
            self._look.toggle_marks([str(key) for key in seen.classes().keys])
            self._draw()

    def narrow_to(self, words: str) -> None:
        self._look.words = words
        self._draw()

    def leave_field(self) -> None:
        self._parts.focus_view()

    async def action_back(self) -> None:
        field, opened = self.filter_field, self._look.opened
        if field.display:
            field.value = ""
            self.keep_filter()
        elif self._look.back():
            field.value = self._look.words
            self._draw()
            if opened is not None and self._look.opened is None:
                self._parts.matrix.go_to(opened)
            self._parts.focus_view()
        else:
            await super().action_back()

    @work
    async def action_write(self) -> None:
        if self._seen is None or self._report is None:
            self.lab.tell("there is no report to write yet")
            return
        run, documents = self._report.run, self._report.documents
        splits = [split for split in self._look.splits if split in documents]
        label = "Write the report as (.csv, .html, .json): a name, or a path"
        prompt = Prompt(label, file_name(f"{run.name}-report.csv"), keep="write it")
        if (name := await self.app.push_screen_wait(prompt)) is None:
            return

        def write() -> Done:
            stem, dot, ending = name.rpartition(".")
            title = f"{run.name} ({run.id})"
            texts = {f"{stem}-{split}{dot}{ending}": report_text(documents[split], name, title) for split in splits}
            return wrote([save_as(path, text) for path, text in texts.items()], next(iter(texts)))

        self.lab.act(write)

    def action_copy(self) -> None:
        if (run := self.lab.run_under_cursor) is None:
            return
        words = ["cnnlab", "report", run.id, "--split", self._look.scored]
        if self._report is not None and self._look.scored in self._report.changes and self._report.reference:
            words += ["--reference", self._report.reference.id]
        command = shlex.join([*words, "--runs", str(self.lab.store.root)])
        self.app.copy_to_clipboard(command)
        self.lab.tell(f"copied: {command}")
