"""New: the settings of a run, or of a study, as a list that one walks through; what they mean stands beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine.errors import LabError
from engine.filters import parse_filter
from engine.layout import fit
from engine.store import Run
from tui.glyphs import has_unicode
from tui.output_files import save_text
from tui.screens.form_data import DataScreen
from tui.widgets.find_field import FindField
from tui.widgets.row_list import RowList
from tui.widgets.side import Side, View

_NARROW, _WIDE, _WIDEST = 76, 100, 160
_TALL = 30


class NewScreen(DataScreen):
    """What is set up here is started here."""

    TITLE_WORD = "New"
    PARTS = (RowList, FindField)
    CSS_PATH = "new.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *DataScreen.BINDINGS,
        Binding("S", "start", "Start", tooltip="Queue the run, or all runs of the study, for a worker"),
        Binding("V", "poolings", "Three poolings", tooltip="One study of stride, max and avg; again: one of them"),
        Binding("y", "copy", "Copy as command", tooltip="Copy the command line that does the same"),
        Binding("w", "write", "Save TOML", tooltip="Save the settings as TOML, which --config reads"),
        Binding("n", "new_like", "Like run", show=False, tooltip="Begin anew, like the run under the cursor"),
        Binding("N", "new", "New", show=False, tooltip="Begin anew, from defaults"),
    ]

    class Begun(Message):
        """Runs have been made."""

        def __init__(self, run_ids: Sequence[str]) -> None:
            super().__init__()
            self.run_ids = tuple(run_ids)

    def __init__(self) -> None:
        super().__init__()
        self._awaited = ""  # a run that was begun, and is not on the list yet

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield from self.compose_form()
            yield Side(blocks=has_unicode(self.app.console.encoding) and not self.app.no_color, id="side")
        words = "setting or class; space ticks, enter keeps"
        yield FindField(placeholder=words, id="find", compact=True, select_on_focus=False)
        yield Static("", id="about", markup=False)
        yield Static("", id="outlook", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.watch(self.app, "runs", self._look_for_begun, init=False)
        self.rows.focus()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        width, height = self.app.size
        self.set_class(width < _NARROW, "-narrow")
        self.set_class(_WIDE <= width < _WIDEST, "-wide")
        self.set_class(width >= _WIDEST, "-widest")
        self.set_class(height >= _TALL, "-tall")
        self.call_after_refresh(self.show_form)

    def begin(self, like: Run | None, texts: Mapping[str, str] | None = None) -> None:
        """Anew: like a run, with its data, or from defaults; with these texts in rows."""
        self.desk.begin(like, texts)
        self.picking, self.filter = False, ""
        self.close_all()
        self.show_form("dataset.name")

    def show_runs(self, runs: Sequence[Run]) -> None:
        self.desk.take_runs(runs)
        self.show_form()

    def show_meaning(self) -> None:
        desk = self.desk
        self.ask_data()
        self.head(self.lab.runs, desk.head)
        self.query_one(Side).show(
            View(
                network=desk.network,
                images=self.images,
                notes=desk.notes(self.at),
                is_about_classes=self.picking or self.is_on_class or self.at == "dataset.classes",
            )
        )
        self._tell_below()

    def _tell_below(self) -> None:
        width = max(20, self.size.width)
        words = self.desk.about_class(self.at, picking=self.picking) if self.is_on_class else self.desk.about(self.at)
        line = "─" if has_unicode(self.app.console.encoding) else "-"
        self.query_one("#about", Static).update(
            Content(fit(f"{line} {words} " + line * width, width)[: width - 1] + line if words else line * width)
        )
        lines = self.desk.outlook(with_basis=self.size.height >= _TALL)
        self.query_one("#outlook", Static).update(Content("\n".join(fit(text, width - 2) for text in lines)))

    # acts

    def action_poolings(self) -> None:
        self.desk.three_poolings()
        self.filter, self.picking = "", False
        self.show_form("model.pooling")

    def action_start(self) -> None:
        from tui.form.start import start

        desk, store, data_dir = self.desk, self.lab.store, self.lab.data_dir
        if desk.checked.problems:
            problem = desk.checked.problems[0]
            self.picking, self.filter = False, ""
            self.show_form(desk.row_of(problem.field))
            self.lab.tell(str(problem), is_error=True)
        else:
            checked = desk.checked

            def tell(runs: Sequence[Run]) -> None:
                self.post_message(self.Begun([run.id for run in runs]))

            self.lab.act(lambda: start(store, checked, data_dir, tell), "starting …")

    @on(Begun)
    def await_begun(self, message: Begun) -> None:
        self._awaited = message.run_ids[0]

    async def _look_for_begun(self, runs: Sequence[Run]) -> None:
        """Go where the new runs are, as soon as they are there."""
        begun = next((run for run in runs if run.id == self._awaited), None) if self._awaited else None
        if begun is not None:
            selection = self.lab.selection
            selection.cursor, self._awaited = begun.id, ""
            if selection.filter and not _matches(selection.filter, begun):
                selection.filter = ""  # what was begun is to be seen
            if self.is_current:
                await self.lab.action_show("runs")

    def action_copy(self) -> None:
        if self._is_right():
            command = self.desk.command(runs=self._runs_option, data_dir=self.lab.data_dir)
            self.app.copy_to_clipboard(command)
            self.lab.tell(command)

    @property
    def _runs_option(self) -> Path | None:
        root = self.lab.store.root
        return None if root == Path("runs") else root

    def action_write(self) -> None:
        if self._is_right():
            name, text = self.desk.saved()
            self.lab.act(lambda: f"settings saved: {save_text(name, text)}")

    def _is_right(self) -> bool:
        problems = self.desk.checked.problems
        if problems:
            self.lab.tell(str(problems[0]), is_error=True, details="\n".join(map(str, problems)))
        return not problems

    def action_new_like(self) -> None:
        run = self.lab.run_under_cursor
        self.begin(run)
        self.lab.tell(f"like {run.name}; u brings back what was here" if run else "there is no run yet: from defaults")

    def action_new(self) -> None:
        self.begin(None)
        self.lab.tell("from defaults; u brings back what was here")


def _matches(text: str, run: Run) -> bool:
    """Whether a filter lets a run through; one that is no filter lets all."""
    try:
        return parse_filter(text)(run)
    except LabError:
        return True
