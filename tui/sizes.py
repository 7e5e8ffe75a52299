"""The size of a screen: the terminal's as it is now, never one that has passed."""

from __future__ import annotations

from typing import Any

from textual.geometry import Size
from textual.screen import Screen


class FollowsTerminal(Screen[Any]):
    """Lays itself out for the terminal's present size only.

    Textual tells a screen its size again after every layout. Where two sizes wait in its queue at once, as while a
    window is dragged on a busy machine, each layout would bring the other size back, for ever.
    """

    def _screen_resized(self, size: Size) -> None:
        if size == self.app.size:
            super()._screen_resized(size)
