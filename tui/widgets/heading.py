"""The first two lines of every screen: which screen, what the machine does, and what one looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events

from engine.layout import fit, text_width
from engine.text import clean
from tui.widgets.painted import Line, Painted

SCREENS = ("Runs", "New", "Curves", "Compare", "Report")


class Heading(Painted):
    """Two lines of text; nothing is sent while they stay the same.

    Args:
        current: the screen this is on.
    """

    DEFAULT_CSS = """
    Heading { height: 2; }
    Heading > .heading--current { text-style: bold; color: $primary; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"heading--current"}

    def __init__(self, current: str) -> None:
        super().__init__(id="heading")
        self._current = current
        self._machine = self._about = ""

    def show(self, machine: str, about: str) -> None:
        """What the machine does, and one line about what is shown."""
        self._machine, self._about = machine, about
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width = max(20, self.size.width)
        pieces: list[tuple[str, str]] = [(" cnnlab ", "")]
        for text, name in self._names():
            pieces.append((text, "heading--current" if name == self._current else ""))
        taken = sum(text_width(text) for text, _ in pieces)
        room, words = max(0, width - taken - 1), self._machine
        if text_width(words) > room:
            words = words.rpartition("  ")[2]  # how many runs there are
        pieces.append((fit(words, room, right=True) + " ", ""))
        self.paint([tuple(pieces), _line(fit(f" {clean(self._about)}", width))])

    def _names(self) -> Sequence[tuple[str, str]]:
        return [
            (f"[{number} {name}]" if name == self._current else f" {number} {name} ", name)
            for number, name in enumerate(SCREENS, 1)
        ]

    def on_click(self, event: events.Click) -> None:
        x = len(" cnnlab ")
        for number, (text, _) in enumerate(self._names(), 1):
            if event.y == 0 and x <= event.x < x + len(text):
                self.app.simulate_key(str(number))
            x += len(text)


def _line(text: str) -> Line:
    return ((text, ""),)
