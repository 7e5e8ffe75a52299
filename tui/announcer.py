"""What is seen and heard outside the screen: the terminal's title says what trains, its bell that a run has ended."""

from __future__ import annotations

from collections.abc import Callable

from engine.format import percent
from engine.listing import share_done
from engine.text import clean
from tui.messages import Seen

_LONGEST = 60
_BELL = "\x07"
_KEEP_TITLE, _TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"  # xterm's stack of titles; others leave it alone


class Announcer:
    """Writes to the terminal only when something is new.

    Args:
        write: sends a control sequence that draws nothing.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._title = ""
        self._alive: frozenset[str] = frozenset()

    def see(self, seen: Seen, *, bell: bool) -> None:
        """The folder as it is now; with `bell` the end of a run is heard."""
        alive = frozenset(run.id for run in seen.live)
        ended = self._alive - alive
        self._alive = alive
        if ended and bell:
            self._write(_BELL)
        self._show(_title(seen))

    def leave(self) -> None:
        """Give the terminal back the title that it had."""
        if self._title:
            self._write(_TITLE_BACK)

    def _show(self, title: str) -> None:
        if title == self._title:
            return
        before = "" if self._title else _KEEP_TITLE
        self._title = title
        self._write(f"{before}\x1b]2;{title}\x07")


def _title(seen: Seen) -> str:
    """`62% abf-max`, of the run that has trained longest; else `cnnlab`."""
    if not seen.live:
        return "cnnlab"
    run = seen.live[-1]
    progress = run.progress()
    share = f"{percent(share_done(progress), 0)}% " if progress else ""
    return f"{share}{clean(run.name)[:_LONGEST]}"
