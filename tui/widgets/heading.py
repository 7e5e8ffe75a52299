"""The first two lines of every screen: which screen, what the machine does, and what one looks at."""

from __future__ import annotations

from collections.abc import Sequence

from engine.layout import fit
from engine.store import Run
from engine.telemetry import telemetry_words
from engine.text import clean
from tui.cells import Row
from tui.pace import Pace
from tui.widgets.cell_lines import CellLines

_MACHINE_SECONDS = 2.0

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
        self._shown = ("", "")
        self._live = -1
        self._pace = Pace(_MACHINE_SECONDS)

    def show(self, runs: Sequence[Run], about: str) -> None:
        """The state of the machine, from the runs, and one line about what is shown."""
        alive = [run for run in runs if run.is_alive]
        machine = self._shown[0]
        if self._pace.is_due(now=len(alive) != self._live):
            self._live = len(alive)
            telemetry = next(filter(None, ((run.progress() or {}).get("telemetry") for run in alive)), None)
            machine = telemetry_words(telemetry) + ("  " if telemetry else "") + f"{len(alive)} live"
        self._shown = (machine, about)
        self.show_rows(self._rows_for)

    def _rows_for(self, width: int, height: int) -> list[Row]:
        machine, about = self._shown
        names = (f"[{n} {name}]" if name == self._current else f" {n} {name} " for n, name in enumerate(SCREENS, 1))
        left = " cnnlab " + "".join(names)
        first = left + fit(machine, max(0, width - len(left) - 1), right=True)
        return [Row(text, " " * len(text)) for text in (first, " " + clean(about))]
