"""What all screens share: the heading, the keys at the bottom, and being told of new runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer

from engine.store import Run
from tui.laboratory import Laboratory
from tui.widgets.heading import Heading


class LabScreen(Screen[None]):
    """A screen of the laboratory. Subclasses say what stands between the heading and the keys."""

    TITLE_WORD = ""

    @property
    def lab(self) -> Laboratory:
        """The app."""
        return cast(Laboratory, self.app)

    def compose(self) -> ComposeResult:
        yield Heading(self.TITLE_WORD)
        yield from self.compose_body()
        yield Footer(compact=True, show_command_palette=False)

    def compose_body(self) -> ComposeResult:
        raise NotImplementedError

    def on_mount(self) -> None:
        self.watch(self.app, "runs", self._runs_changed)

    def on_screen_resume(self) -> None:
        self._runs_changed(self.lab.runs)

    def _runs_changed(self, runs: Sequence[Run]) -> None:
        if self.is_current:
            self.show_runs(runs)

    def show_runs(self, runs: Sequence[Run]) -> None:
        """The runs as they are now, or the selection has changed."""
        raise NotImplementedError

    def head(self, runs: Sequence[Run], about: str) -> None:
        """The second line of the heading."""
        self.query_one(Heading).show(runs, about)
