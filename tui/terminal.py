"""The terminal itself: what happens when it goes away."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable

from engine.errors import ExitCode

_PATIENCE_SECONDS = 1.0


def when_gone(leave: Callable[[], object], descriptor: int = 0) -> None:
    """Leave within two seconds of a hang-up: on SIGHUP, or when the terminal's other side is closed.

    Without this an app whose SIGHUP is ignored spins on a dead terminal.

    Args:
        leave: asks the app to end; called from a signal handler or a thread.
        descriptor: the terminal.
    """

    def go(*_: object) -> None:
        killer = threading.Timer(_PATIENCE_SECONDS, os._exit, (int(ExitCode.HANGUP),))
        killer.daemon = True  # it ends with the process where the app leaves by itself
        killer.start()
        leave()

    signal.signal(signal.SIGHUP, go)

    def watch() -> None:
        poll = select.poll()
        poll.register(descriptor, 0)  # POLLHUP and POLLERR are always told
        while True:
            if any(events & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, events in poll.poll(1000)):
                go()
                return

    threading.Thread(target=watch, name="terminal", daemon=True).start()
