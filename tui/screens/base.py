"""What all screens share: the heading, the status line, the keys at the bottom, and being told of new runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from engine.store import Run
from tui.laboratory import Laboratory
from tui.sizes import FollowsTerminal
from tui.spans import SpanCompositor
from tui.widgets.decks import KeyDecks
from tui.widgets.heading import Heading
from tui.widgets.status import Status, StatusLine

SMALLEST = (60, 15)


class LabScreen(FollowsTerminal):
    """A screen of the laboratory. Subclasses say what stands between the heading and the keys."""

    TITLE_WORD = ""
    PARTS: ClassVar[tuple[type[Widget], ...]] = ()  # widgets whose keys belong to this screen's
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "Back", key_display="esc", id="back", tooltip="One layer back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._compositor = SpanCompositor()
        self._has_been_shown = False
        # A new screen takes the rules in force: else Textual has every rule parsed again to show it.
        self._css_update_count = self.app._css_update_count

    @property
    def lab(self) -> Laboratory:
        """The app."""
        return cast(Laboratory, self.app)

    DEFAULT_CSS = """
    LabScreen { layers: default cover; }
    LabScreen > #too-small {
        display: none; layer: cover; width: 100%; height: 100%; overflow: hidden; background: $background;
        content-align: center middle;
    }
    LabScreen.-too-small { overflow: hidden; }
    LabScreen.-too-small > #too-small { display: block; }
    """

    def compose(self) -> ComposeResult:
        yield Static("", id="too-small", markup=False)
        yield Heading(self.TITLE_WORD)
        yield from self.compose_body()
        yield StatusLine()
        yield KeyDecks()

    def compose_body(self) -> ComposeResult:
        raise NotImplementedError

    def on_mount(self) -> None:
        self.watch(self.app, "runs", self._runs_changed)
        self.watch(self.app, "status", self._status_changed)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        event.refresh_styles &= self._has_been_shown  # at first they are as new
        self._has_been_shown = True
        self._runs_changed(self.lab.runs)

    def on_resize(self, event: events.Resize) -> None:
        width, height = self.app.size
        too_small = width < SMALLEST[0] or height < SMALLEST[1]
        self.set_class(too_small, "-too-small")
        if too_small:
            words = f"too small: {width}x{height}, not {SMALLEST[0]}x{SMALLEST[1]}"
            self.query_one("#too-small", Static).update(words)

    def _status_changed(self, status: Status) -> None:
        self.query_one(StatusLine).show(status)

    def _runs_changed(self, runs: Sequence[Run]) -> None:
        if self.is_current:
            self.query_one(KeyDecks).show_marked(len(self.lab.selection.marks))
            self.show_runs(runs)

    def show_runs(self, runs: Sequence[Run]) -> None:
        """The runs as they are now, or the selection has changed, or a history that is followed has grown."""
        raise NotImplementedError

    def takes_key(self, event: events.Key) -> bool:
        """Whether the screen took a key before its bindings: none by itself."""
        return False

    def head(self, runs: Sequence[Run], about: str) -> None:
        """The second line of the heading."""
        self.query_one(Heading).show(self.lab.seen.live, self.lab.seen.waiting, about)

    async def action_back(self) -> None:
        await self.lab.action_show("runs")
