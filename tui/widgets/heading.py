"""The first two lines of every screen: which screen, what the machine does, and what one looks at."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.widgets import Static

from engine.layout import fit
from engine.store import Run
from engine.telemetry import telemetry_words
from engine.text import clean

SCREENS = ("Runs", "New", "Curves", "Compare", "Report")


class Heading(Static):
    """Two lines of text; nothing is sent while they stay the same.

    Args:
        current: the screen this is on.
    """

    DEFAULT_CSS = "Heading { height: 2; }"

    def __init__(self, current: str) -> None:
        super().__init__(id="heading")
        self._current = current
        self._shown = ("", "")

    def show(self, runs: Sequence[Run], about: str) -> None:
        """The state of the machine, from the runs, and one line about what is shown."""
        alive = [run for run in runs if run.is_alive]
        telemetry = next(filter(None, ((run.progress() or {}).get("telemetry") for run in alive)), None)
        machine = telemetry_words(telemetry) + ("  " if telemetry else "") + f"{len(alive)} live"
        if (machine, about) == self._shown:
            return
        self._shown = (machine, about)
        names = (f"[{n} {name}]" if name == self._current else f" {n} {name} " for n, name in enumerate(SCREENS, 1))
        left = " cnnlab " + "".join(names)
        width = max(20, self.size.width or 80)
        first = left + fit(machine, max(0, width - len(left) - 1), right=True)
        self.update(Text("\n".join(fit(line, width) for line in (first, " " + clean(about)))))
