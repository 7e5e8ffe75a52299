"""The terminal itself: what happens when it goes away."""

from __future__ import annotations

import os
import select
import signal
import termios
import threading
from collections.abc import Callable
from typing import Any

from engine.errors import ExitCode

_PATIENCE_SECONDS = 1.0
# The main screen, the cursor, wrapping; no mouse, no focus, no bracketed paste.
_BACK = b"\x1b[?1049l\x1b[?25h\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1004l\x1b[?2004l"


def when_gone(leave: Callable[[], object], descriptor: int = 0) -> None:
    """Leave within two seconds of a hang-up: on SIGHUP or SIGTERM, or when the terminal's other side is closed.

    Without this an app whose SIGHUP is ignored spins on a dead terminal.

    Args:
        leave: asks the app to end; called from a signal handler or a thread.
        descriptor: the terminal.
    """

    before = _flags(descriptor)

    def give_up() -> None:
        _give_back(descriptor, before)
        os._exit(int(ExitCode.HANGUP))

    def go(*_: object) -> None:
        killer = threading.Timer(_PATIENCE_SECONDS, give_up)
        killer.daemon = True  # it ends with the process where the app leaves by itself
        killer.start()
        # Not from the handler itself: an idle event loop would sleep on, and only a thread wakes it.
        threading.Thread(target=leave, name="leave", daemon=True).start()

    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, go)

    def watch() -> None:
        poll = select.poll()
        poll.register(descriptor, 0)  # POLLHUP and POLLERR are always told
        while True:
            if any(events & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, events in poll.poll(1000)):
                go()
                return

    threading.Thread(target=watch, name="terminal", daemon=True).start()


def _flags(descriptor: int) -> list[Any] | None:
    try:
        return termios.tcgetattr(descriptor)
    except termios.error:
        return None


def _give_back(descriptor: int, flags: list[Any] | None) -> None:
    """The terminal as it was, where it is still there and the app does not do it itself."""
    try:
        os.write(descriptor, _BACK)
        if flags is not None:
            termios.tcsetattr(descriptor, termios.TCSANOW, flags)
    except (OSError, termios.error):
        return  # it is gone
