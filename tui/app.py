"""The app: its modes, its global keys, and what its screens share. Everything else is a screen's."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.reactive import reactive
from textual.screen import ModalScreen, Screen

from engine.store import History, Run, RunStore
from tui.announcer import Announcer
from tui.doing import DoesActs
from tui.feed import Feed
from tui.glyphs import has_unicode, plain_driver
from tui.keyboard import takes_text
from tui.keystrokes import TakesKeys
from tui.messages import RunsRead, Seen
from tui.modes import MODES, screen_class
from tui.screens.ask import Details
from tui.screens.base import LabScreen
from tui.session import Session
from tui.theme import THEMES
from tui.widgets.status import Status

_TWICE_SECONDS = 2.0


class LabApp(TakesKeys, DoesActs):
    """The laboratory on a screen.

    Args:
        store: the folder of runs that it shows.
        data_dir: where data sets lie; None: the default place.
    """

    TITLE = "cnnlab"
    MODES = MODES
    CSS_PATH = sorted(map(str, Path(__file__).parent.glob("screens/*.tcss")))  # each alone has all parsed again
    DEFAULT_MODE = "runs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "show('runs')", "Runs", show=False, tooltip="Every run"),
        Binding("2", "show('new')", "New", show=False, tooltip="Set up a new run, or a study"),
        Binding("3", "show('curves')", "Curves", show=False, tooltip="Curves of the run under the cursor"),
        Binding("4,c", "show('compare')", "Compare", show=False, tooltip="Compare the marks, or the study of the run"),
        Binding("5,r", "show('report')", "Report", show=False, tooltip="Report of the run under the cursor"),
        Binding("q,ctrl+q", "quit", "Quit", key_display="q", id="quit", tooltip="Leave at once; what trains goes on"),
        Binding("question_mark,f1", "keys", "Keys", key_display="?", id="help", tooltip="All keys, and the words used"),
        Binding("colon,ctrl+p", "command_palette", "Palette", show=False, tooltip="Everything by name"),
        Binding("ctrl+c", "leave", "Leave", show=False, tooltip="Twice: leave; what trains goes on"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, tooltip="To the shell; fg comes back"),
        Binding("ctrl+l", "redraw", "Redraw", show=False, tooltip="Draw everything anew"),
    ]
    runs: reactive[tuple[Run, ...]] = reactive((), always_update=True, repaint=False)

    def __init__(self, store: RunStore, data_dir: Path | None = None) -> None:
        super().__init__()
        self.store, self.data_dir = store, data_dir
        self._session = Session(store.root)
        self._first_mode, self.selection = self._session.load()
        self.has_read = False
        self.next_folder: Path | None = None  # to be shown when this one is left
        self.seen = Seen()
        self._by_id: dict[str, Run] = {}
        self._announcer = Announcer(self._write)
        self._asked_to_leave = float("-inf")
        self._feed = Feed(store, self.post_message)
        for theme in THEMES:
            self.register_theme(theme)
        # Not by setting `theme`: that would have every rule parsed again, twice, before the first paint.
        kept = self._session.load_theme()
        self.set_reactive(LabApp.theme, kept if kept in {theme.name for theme in THEMES} else THEMES[0].name)
        self.stylesheet.set_variables(self.get_css_variables())
        if "SSH_CONNECTION" in os.environ:
            self.animation_level = "none"

    def get_driver_class(self) -> type[Driver]:
        found = super().get_driver_class()
        return found if has_unicode(sys.__stderr__.encoding if sys.__stderr__ else "utf-8") else plain_driver(found)

    def on_mount(self) -> None:
        self._feed.start()
        if self._first_mode in self.MODES and self._first_mode != "new":
            self.switch_mode(self._first_mode)

    def on_unmount(self) -> None:
        self._feed.stop()
        self._announcer.leave()
        self._session.save(self.current_mode, self.selection)

    def hang_up(self) -> None:
        """The terminal is gone: keep where one was first, for there may be no time left for more. Any thread's."""
        self._session.save(self.current_mode, self.selection)
        self.exit()

    # what the feed and the threads say

    @on(RunsRead)
    def take_runs(self, message: RunsRead) -> None:
        before, self.seen = self.seen, message.seen
        if self.has_read and message.seen.runs and not before.runs and not before.trouble:
            self.selection.cursor = message.seen.runs[-1].id  # of the first study, the run that trains first
        self.has_read = True
        if message.seen.is_whole and not before.is_whole:
            gc.freeze()  # what is read stays: no collection need look at it again
            gc.enable()
        if before.runs is not message.seen.runs:
            self._by_id = {run.id: run for run in message.seen.runs}
            self._announcer.see(message.seen, bell=self.selection.bell)
        for trouble in (message.seen.trouble, message.seen.read_only):
            if trouble and trouble not in (before.trouble, before.read_only):
                self.tell(trouble, is_error=True)
        self.runs = message.seen.runs

    # what screens ask

    @property
    def run_under_cursor(self) -> Run | None:
        """The run that every screen speaks of."""
        return self.run_of(self.selection.cursor) or (self.runs[0] if self.runs else None)

    @property
    def runs_to_act_on(self) -> list[Run]:
        """The marks, else the run under the cursor."""
        marked = [run for run_id in self.selection.marks if (run := self.run_of(run_id))]
        cursor = self.run_under_cursor
        return marked or ([cursor] if cursor else [])

    def run_of(self, run_id: str | None) -> Run | None:
        """The run with this id, as it was last read."""
        return self._by_id.get(run_id or "")

    def history_of(self, run_id: str | None) -> History | None:
        """A history that is followed, as it was last read; None where it is not read yet."""
        return self.seen.histories.get(run_id or "")

    def follow_histories(self, run_ids: Collection[str]) -> None:
        """Let the feed read these; the screen is told when one has grown."""
        self._feed.follow_histories(run_ids)

    def follow_traces(self, runs: Collection[Run]) -> None:
        """Let the feed read the coarse curves of these; the screen is told when one is new."""
        self._feed.follow_traces(runs)

    def move_cursor(self, by: int) -> None:
        """The neighbour of the run under the cursor, newest first."""
        ids = [run.id for run in self.runs]
        current = self.run_under_cursor
        if current is not None:
            self.selection.cursor = ids[max(0, min(len(ids) - 1, ids.index(current.id) + by))]

    def selection_changed(self) -> None:
        """Let the screen show what is selected now."""
        self.mutate_reactive(LabApp.runs)

    async def configure(self, like: Run | None, texts: Mapping[str, str] | None = None) -> None:
        """Set up a new run, like this one or from defaults, with these texts in rows of the form."""
        from tui.screens.new import NewScreen

        await self.switch_mode("new")
        if isinstance(self.screen, NewScreen):
            self.screen.begin(like, texts)

    def _write(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    def has_acted(self) -> None:
        self._feed.look_now()

    # keys

    async def takes_key(self, event: events.Key) -> bool:
        """What the line above the keys offers: its details, or a copy; any key clears it."""
        shown, self.status = self.status, Status()
        if event.key == "enter" and shown.details and not isinstance(self.screen, ModalScreen):
            await self.push_screen(Details(shown.text, shown.details.splitlines()))
        elif event.key == "y" and shown.copies and not takes_text(self.focused):
            self.copy_to_clipboard(shown.copies)
            self.tell(f"copied: {'; '.join(shown.copies.splitlines())}")
        else:
            return False
        return True

    def on_key(self, event: events.Key) -> None:
        """A key that nobody took: say where it has a meaning."""
        if event.key in self.screen.active_bindings or isinstance(self.screen, ModalScreen):
            return
        if takes_text(self.focused):
            return
        places = [name for name, rows in self.keys().items() if any(event.key in row[0].split(",") for row in rows)]
        if places:
            shown = event.character if event.is_printable and event.key != "space" else event.key
            self.tell(f"{shown} has its meaning on {', '.join(places)}; ? names all keys")

    def keys(self) -> dict[str, list[tuple[str, str, str]]]:
        """Every key by screen: its names for Textual, as people write it, what it does."""
        from tui.screens.help import key_table

        screens = [screen_class(mode) for mode in self.MODES]
        return key_table({cls.TITLE_WORD: (cls, *cls.PARTS) for cls in screens}, LabApp)

    async def action_show(self, mode: str) -> None:
        await self.switch_mode(mode)

    def action_keys(self) -> None:
        from tui.screens.help import Help

        current = self.screen.TITLE_WORD if isinstance(self.screen, LabScreen) else ""
        self.push_screen(Help(current, self.keys()))

    def action_leave(self) -> None:
        now = time.monotonic()
        if now - self._asked_to_leave < _TWICE_SECONDS:
            self.exit()
        self._asked_to_leave = now
        self.tell("ctrl+c again leaves, q at once; what trains goes on")

    def action_use_theme(self, name: str) -> None:
        self.theme = name
        if problem := self._session.save_theme(name):
            self.tell(f"the next start will not know this theme: {problem}", is_error=True)

    def action_toggle_bell(self) -> None:
        self.selection.bell = not self.selection.bell
        self.tell(f"the bell {'rings' if self.selection.bell else 'does not ring'} when a run ends")

    @work(exclusive=True, group="folder")
    async def action_open_folder(self, typed: str = "") -> None:
        """Leave for another folder of runs: the one that was typed, else one that is asked for."""
        from tui.palette import ask_for_folder

        self.next_folder = await ask_for_folder(self, typed, self.store.root)
        if self.next_folder is not None:
            self.exit()

    def action_redraw(self) -> None:
        self.refresh(repaint=True, layout=True)

    def action_command_palette(self) -> None:
        from tui.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        from tui.palette import commands

        yield from commands(self, screen)
