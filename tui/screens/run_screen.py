"""The keys that mean the same on every screen of runs: what one does to the run under the cursor, or to the marks."""

from __future__ import annotations

import shlex
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from engine.description import describe_files, describe_run
from engine.store import Run
from engine.text import clean
from tui import acts
from tui.explanation import last_words
from tui.output_files import save_text, wrote
from tui.screens.ask import Confirm, Details, Prompt
from tui.screens.base import LabScreen
from tui.widgets.decks import ON_MARKS
from tui.written import history_csv

_LOG_LINES = 20


class RunScreen(LabScreen):
    """A screen of runs that are there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new_like", "New like it", tooltip="Set up a new run, like this one"),
        Binding("N", "new", "New", show=False, tooltip="Set up a new run, from defaults"),
        Binding("p", "reference", "Reference", tooltip="This run is the reference on all screens; again: none"),
        Binding("d", "describe", "Describe", tooltip="Settings, environment, numbers and files of the run"),
        Binding("e", "edit", "Edit", tooltip="The run's name, tags and note"),
        Binding("y", "copy", "Copy", show=False, tooltip="Copy the command that shows this run"),
        Binding("w", "write", "Write", show=False, tooltip="Write the run's history as CSV into the working folder"),
        Binding("P", "pause", "Pause", id=f"{ON_MARKS}-pause", tooltip="Pause, or let go on"),
        Binding("S", "stop", "Stop", tooltip="End the run at its next step, keep its model; asks first"),
        Binding("X", "export", "Export", id=f"{ON_MARKS}-export", tooltip="Save as ONNX, and prove it equal"),
        Binding("D", "trash", "Trash", id=f"{ON_MARKS}-trash", tooltip="Move to the trash; u brings it back"),
        Binding("u", "undo", "Undo", tooltip="Take the last act back"),
    ]  # fmt: skip

    def _run(self) -> Run | None:
        """The run under the cursor; says so where there is none."""
        run = self.lab.run_under_cursor
        if run is None:
            self.lab.tell("there is no run yet; n sets one up")
        return run

    def action_reference(self) -> None:
        if run := self._run():
            self.lab.selection.toggle_reference(run.id)
            self.lab.selection_changed()

    async def action_new_like(self) -> None:
        run = self.lab.run_under_cursor
        if run is not None and not run.experiment:
            why = clean(run.damage or run.read_only_reason or "")
            self.lab.tell(f"the settings of {clean(run.name)} are not known: {why}; N sets up a new run")
        else:
            await self.lab.configure(run)

    async def action_new(self) -> None:
        await self.lab.configure(None)

    def action_describe(self) -> None:
        if run := self._run():
            self._describe(run)

    @work(thread=True, exclusive=True, group="describe")
    def _describe(self, run: Run) -> None:
        """Reads the folder and the end of the log: in a thread, for a disk may be slow."""
        facts = [f"{label:<26} {value}" for label, value in describe_run(run)]
        if files := describe_files(run):
            facts += ["", "files", *(f"{name:<26} {size}" for name, size in files)]
        details = Details(f"{run.name}  {run.id}  {run.state}", [*facts, *last_words(run, _LOG_LINES)])
        self.app.call_from_thread(self.app.push_screen, details)

    @work
    async def action_edit(self) -> None:
        if run := self._run():
            values = {"name": run.name, "tags": " ".join(run.tags), "note": run.note}
            for field, value in values.items():
                text = await self.app.push_screen_wait(Prompt(f"{field} of {run.name}", value))
                if text is None:
                    return
                if text != value:
                    self.lab.act(lambda field=field, text=text: acts.edit(run, field, text))  # type: ignore[misc]

    def action_copy(self) -> None:
        if run := self._run():
            command = shlex.join(["cnnlab", "show", run.id, "--runs", str(self.lab.store.root.absolute())])
            self.app.copy_to_clipboard(command)
            self.lab.tell(f"copied: {command}")

    @work
    async def action_write(self) -> None:
        if run := self._run():
            self.lab.act(lambda: wrote([save_text(f"{run.name}-history.csv", history_csv(run.history()))]))

    def action_pause(self) -> None:
        if runs := self.lab.runs_to_act_on:
            self.lab.act(lambda: acts.pause_or_go_on(self.lab.store, runs))

    @work
    async def action_stop(self) -> None:
        run = self._run()
        if run is None:
            return
        if not (run.is_alive or run.state == "queued"):
            self.lab.tell(f"{run.name} is {run.state}: nobody trains it now")
        elif run.state == "queued" or await self.app.push_screen_wait(
            Confirm(f"End {run.name} now? {_left_by_stopping(run)}")
        ):
            self.lab.act(lambda: acts.stop(self.lab.store, run))

    def action_export(self) -> None:
        if runs := self.lab.runs_to_act_on:
            self.lab.act(lambda: acts.export(self.lab.store, runs, self.lab.data_dir), "exporting …")

    def action_trash(self) -> None:
        if runs := self.lab.runs_to_act_on:
            self.lab.act(lambda: acts.trash(self.lab.store, runs))

    def action_undo(self) -> None:
        self.lab.undo()


def _left_by_stopping(run: Run) -> str:
    return "It has not begun to train." if run.state == "starting" else "It is evaluated, and its model kept."
