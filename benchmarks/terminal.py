"""A program on a terminal of its own: its bytes, its processor time, its memory."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """What a program cost over some seconds."""

    seconds: float
    sent: int
    cpu_seconds: float
    rss_bytes: int

    @property
    def bytes_per_second(self) -> float:
        return self.sent / self.seconds

    @property
    def cpu_percent(self) -> float:
        """100 is one core."""
        return 100 * self.cpu_seconds / self.seconds


class Terminal:
    """A child on a pty of `size` (columns, lines); everything it sends is read, counted and dropped."""

    def __init__(self, command: list[str], size: tuple[int, int] = (120, 36), colours: str = "256") -> None:
        environment = {key: value for key, value in os.environ.items() if key not in ("COLORTERM", "NO_COLOR")}
        environment |= {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
        if colours == "truecolor":
            environment["COLORTERM"] = "truecolor"
        environment.pop("LC_ALL", None)
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, environment)
        window = struct.pack("HHHH", size[1], size[0], 0, 0)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, window)
        self.sent = 0
        self.last = b""

    def press(self, keys: str) -> None:
        os.write(self.descriptor, keys.encode())

    def read_for(self, seconds: float) -> None:
        """Read what comes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self.descriptor], [], [], left)
            if ready:
                data = os.read(self.descriptor, 1 << 16)
                self.sent += len(data)
                self.last = (self.last + data)[-(1 << 16) :]

    def wait_for(self, words: str, seconds: float = 30.0) -> None:
        """Until these words were sent in one piece.

        Raises:
            TimeoutError: if they are not.
        """
        end = time.monotonic() + seconds
        while words.encode() not in self.last:
            if time.monotonic() > end:
                raise TimeoutError(f"{words!r} did not appear; the last was {self.last[-300:]!r}")
            self.read_for(0.05)

    def measure(self, seconds: float) -> Cost:
        """What the program costs from now on."""
        began, sent, cpu = time.monotonic(), self.sent, self.cpu_seconds()
        self.read_for(seconds)
        return Cost(time.monotonic() - began, self.sent - sent, self.cpu_seconds() - cpu, self._rss())

    def close(self) -> None:
        """End it, and wait."""
        os.kill(self.pid, signal.SIGTERM)
        try:
            while os.read(self.descriptor, 1 << 16):
                pass
        except OSError:
            pass  # the other side is closed
        os.waitpid(self.pid, 0)
        os.close(self.descriptor)

    def cpu_seconds(self) -> float:
        """Processor time that the program has taken so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def _rss(self) -> int:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
