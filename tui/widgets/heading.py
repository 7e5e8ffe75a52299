"""The first two lines of every screen: which screen, what the machine does, and what one looks at."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from engine.layout import fit, text_width
from engine.store import Run
from engine.text import clean
from tui.cells import PLAIN, Row
from tui.corner import corner_words
from tui.pace import Pace
from tui.widgets.cell_lines import CellLines

_MACHINE_SECONDS = 2.0
_PROGRAM = " cnnlab "

SCREENS = ("Runs", "New", "Curves", "Compare", "Report")


class Heading(CellLines):
    """Two lines of text; only the cells that changed are sent.

    Args:
        current: the screen this is on.
    """

    DEFAULT_CSS = "Heading { height: 2; }"

    def __init__(self, current: str) -> None:
        super().__init__(id="heading")
        self._current = current
        self._machine = self._about = ""
        self._counts = (-1, -1)
        self._pace = Pace(_MACHINE_SECONDS)

    def show(self, live: Sequence[Run], waiting: int, about: str) -> None:
        """What the machine does for the runs that live, how many wait, and one line about what is shown."""
        counts = len(live), waiting
        if self._pace.is_due(now=counts != self._counts):
            self._counts = counts
            self._machine = corner_words(live, waiting)
        self._about = about
        self.show_rows(self._rows_for)

    def _rows_for(self, width: int, height: int) -> list[Row]:
        names = [(text, "k" if name == self._current else PLAIN) for text, name in self._names()]
        taken = len(_PROGRAM) + sum(len(text) for text, _ in names)
        room, words = max(0, width - taken - 1), self._machine
        if text_width(words) > room:
            words = words.rpartition("  ")[2]  # how many runs there are
        about = f" {clean(self._about)}"
        first = Row.of([(_PROGRAM, PLAIN), *names, (fit(words, room, right=True), PLAIN)])
        return [first, Row(about, PLAIN * len(about))]

    def _names(self) -> list[tuple[str, str]]:
        return [
            (f"[{number} {name}]" if name == self._current else f" {number} {name} ", name)
            for number, name in enumerate(SCREENS, 1)
        ]

    def on_click(self, event: events.Click) -> None:
        x = len(_PROGRAM)
        for number, (text, _) in enumerate(self._names(), 1):
            if event.y == 0 and x <= event.x < x + len(text):
                self.app.simulate_key(str(number))
            x += len(text)
