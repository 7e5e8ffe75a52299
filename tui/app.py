"""The app: its modes, its global keys, and what its screens share. Everything else is a screen's."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.screen import Screen

from engine.errors import LabError
from engine.store import Run, RunStore
from tui.feed import Feed
from tui.first_study import queue_first_study
from tui.messages import FeedFailed, RunsRead
from tui.screens.compare import CompareScreen
from tui.screens.curves import CurvesScreen
from tui.screens.report import ReportScreen
from tui.screens.runs import RunsScreen
from tui.selection import Selection


class LabApp(App[None]):
    """The laboratory on a screen.

    Args:
        store: the folder of runs that it shows.
    """

    TITLE = "cnnlab"
    ENABLE_COMMAND_PALETTE = False
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "runs": RunsScreen,
        "curves": CurvesScreen,
        "compare": CompareScreen,
        "report": ReportScreen,
    }
    DEFAULT_MODE = "runs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "show('runs')", "Runs", show=False),
        Binding("3", "show('curves')", "Curves", show=False),
        Binding("4,c", "show('compare')", "Compare", show=False),
        Binding("5,r", "show('report')", "Report", show=False),
        Binding("q,ctrl+q", "quit", "Quit", key_display="q", tooltip="Leave; what trains goes on"),
    ]
    runs: reactive[tuple[Run, ...]] = reactive((), always_update=True)

    def __init__(self, store: RunStore) -> None:
        super().__init__()
        self.store = store
        self.selection = Selection()
        self.has_read = False
        self._feed = Feed(store, self.post_message)

    def on_mount(self) -> None:
        signal.signal(signal.SIGHUP, lambda *_: self.exit())
        self._feed.start()

    def on_unmount(self) -> None:
        self._feed.stop()

    @on(RunsRead)
    def take_runs(self, message: RunsRead) -> None:
        self.has_read = True
        self.runs = message.runs

    @on(FeedFailed)
    def tell_failure(self, message: FeedFailed) -> None:
        self.notify(message.reason, severity="error", markup=False)

    @property
    def run_under_cursor(self) -> Run | None:
        """The run that every screen speaks of."""
        return self.run_of(self.selection.cursor) or (self.runs[0] if self.runs else None)

    def run_of(self, run_id: str | None) -> Run | None:
        """The run with this id, as it was last read."""
        return next((run for run in self.runs if run.id == run_id), None)

    def move_cursor(self, by: int) -> None:
        """The neighbour of the run under the cursor, newest first."""
        ids = [run.id for run in self.runs]
        current = self.run_under_cursor
        if current is not None:
            self.selection.cursor = ids[max(0, min(len(ids) - 1, ids.index(current.id) + by))]

    def action_show(self, mode: str) -> None:
        self.switch_mode(mode)

    @work(thread=True)
    def ask(self, run: Run, kind: str) -> None:
        """Leave a wish for whoever executes a run."""
        try:
            run.request(kind)
        except LabError as error:
            self.post_message(FeedFailed(error.message))
        self._feed.look_now()

    @work(thread=True, exclusive=True, group="first-study")
    def start_first_study(self) -> None:
        """The pooling study on the embedded digits, left to a worker."""
        problem = None
        try:
            problem = queue_first_study(self.store)
        except LabError as error:
            problem = error.message
        if problem:
            self.post_message(FeedFailed(problem))
        self._feed.look_now()


def farewell(runs: Sequence[Run]) -> str:
    """The line that stays in the shell."""
    alive = [run for run in runs if run.is_alive or run.state == "queued"]
    if not alive:
        return ""
    return f"{len(alive)} run(s) go on. Back: cnnlab-tui   Watch: cnnlab follow {alive[-1].id}"
