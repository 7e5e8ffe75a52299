"""One line for what just happened: news, an error with its remedy, where a key has a meaning."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.widgets import Static

from engine.layout import fit
from engine.text import clean

_COPY = "   y: copy path"


@dataclass(frozen=True)
class Status:
    """What the line says.

    Args:
        text: one line.
        is_error: it went wrong.
        details: more lines, which `enter` shows.
        copies: paths, which `y` copies.
    """

    text: str = ""
    is_error: bool = False
    details: str = ""
    copies: str = ""


class StatusLine(Static):
    """The line; with nothing to say it is a rule above the keys."""

    DEFAULT_CSS = """
    StatusLine { height: 1; dock: bottom; margin-bottom: 2; color: $text-muted; }
    StatusLine.-news { color: $text; text-style: bold; }
    StatusLine.-error { color: $text-error; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._status: Status | None = None

    def show(self, status: Status) -> None:
        """Say this; nothing is sent while it stays the same."""
        if status == self._status:
            return
        self._status = status
        self.set_class(bool(status.text) and not status.is_error, "-news")
        self.set_class(status.is_error, "-error")
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """A click on what a key would do presses it."""
        status = self._status or Status()
        if status.copies and event.x >= self.size.width - len(_COPY):
            self.app.simulate_key("y")
        elif status.details:
            self.app.simulate_key("enter")

    def _draw(self) -> None:
        status, width = self._status or Status(), max(1, self.size.width)
        if not status.text:
            self.update(Content("─" * width))
            return
        sign = "! " if status.is_error else ""
        more = ("   enter: details" if status.details else "") + (_COPY if status.copies else "")
        lines = clean(status.text.replace("\n", "; "))
        self.update(Content(fit(f" {sign}{lines}", width - len(more)) + more))
