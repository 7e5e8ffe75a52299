"""A terminal without a window: starts a program on a pseudo-terminal, types into it, and reads what it shows."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

_PATIENCE_SECONDS = 60.0
ROOT = Path(__file__).resolve().parents[1]


def cnnlab_tui(*arguments: str | os.PathLike[str]) -> list[str]:
    """The command that starts the app of this source tree."""
    return [sys.executable, "-c", "from tui.command import main; main()", *map(os.fspath, arguments)]


class PseudoTerminal:
    """A program on a terminal of its own, which is its controlling terminal.

    Args:
        command: the program and its arguments.
        columns, lines: cells.
        environment: beside this process's.
        draw: keep the screen as a terminal shows it (`pyte`); without it only the bytes are kept.

    Attributes:
        raw: every byte that the program has sent.
        process: the program.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        lines: int = 24,
        environment: Mapping[str, str] | None = None,
        draw: bool = True,
        cwd: Path = ROOT,
    ) -> None:
        self.raw = bytearray()
        self._master, slave = pty.openpty()
        self._set_size(columns, lines)
        basis = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)}
        # Who is told a size by its environment never asks the terminal.
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no thread forks here
            env={**inherited, **basis, **(environment or {})},
            cwd=cwd,
        )
        os.close(slave)
        self._screen: Any = None
        if draw:
            import pyte

            self._screen = pyte.Screen(columns, lines)
            self._stream = pyte.ByteStream(self._screen)

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()

    @property
    def text(self) -> str:
        """The screen, line by line."""
        return "\n".join(self._screen.display)

    @property
    def title(self) -> str:
        """The terminal's title."""
        return str(self._screen.title)

    def read(self, seconds: float = 0.0) -> bytes:
        """What has come, after waiting for at most so long; empty also where the program has closed its end."""
        if self._master < 0 or not select.select([self._master], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # EIO: nobody holds the other end any more
            return b""
        self.raw += data
        if self._screen is not None:
            self._stream.feed(data)
        return data

    def listen(self, seconds: float) -> int:
        """Read for so long; the number of bytes."""
        end, count = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            count += len(self.read(left))
        return count

    def until(self, condition: str | Callable[[], object], seconds: float = _PATIENCE_SECONDS) -> None:
        """Read until a text is on the screen, or a condition holds.

        Raises:
            AssertionError: showing the screen, if that does not come.
        """
        holds = (lambda: condition in self.text) if isinstance(condition, str) else condition
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                last = bytes(self.raw[-400:])
                raise AssertionError(f"{condition!r} did not come; the screen shows\n{self.text}\nafter {last!r}")
            if not self.read(0.05) and self.process.poll() is not None and not holds():
                raise AssertionError(f"{condition!r} did not come; the program ended, the screen shows\n{self.text}")

    def press(self, keys: str) -> None:
        """Type; `\\r` is enter, `\\x1b` escape."""
        os.write(self._master, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Another size; the program is told as a terminal tells it."""
        self._set_size(columns, lines)
        if self._screen is not None:
            self._screen.resize(lines, columns)
        self.process.send_signal(signal.SIGWINCH)

    def hang_up(self) -> None:
        """Close our end, as a connection that drops does."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def wait(self, seconds: float = _PATIENCE_SECONDS) -> int:
        """Read until the program has ended; its exit code."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            if not self.read(0.05):
                time.sleep(0.01)
        while self.read(0.0):
            pass
        return self.process.wait(max(0.0, end - time.monotonic()))

    def modes(self) -> list[int]:
        """The terminal's flags, as `stty -a` shows them: to see that they were put back."""
        iflag, oflag, cflag, lflag, *_ = termios.tcgetattr(self._master)
        return [iflag, oflag, cflag, lflag]

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
