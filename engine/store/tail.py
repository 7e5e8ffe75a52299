"""Follows a history that grows: each look reads what was appended since the last, and copes with a file cut back."""

from __future__ import annotations

import os
from pathlib import Path

from engine.store import layout
from engine.store.columns import Columns
from engine.store.history import History, parse_history

_CHUNK_BYTES = 1 << 20  # one parse holds the interpreter's lock for a few milliseconds, not for a frame
_REMEMBERED_BYTES = 256


class HistoryTail:
    """The history of one run, read from where the last look ended.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._columns = Columns()
        self._skipped = 0
        self._offset = 0  # behind the last whole line that was read
        self._last = b""  # what stands before it: the same bytes there mean the same file
        self._seen: tuple[int, int, int] | None = None
        self._history = History(columns=self._columns)

    def look(self) -> History:
        """The history as it is now; the same object as before where nothing came. Never raises for damage."""
        try:
            descriptor = self._open()
        except OSError:
            return self._begin_again() if self._offset else self._history
        try:
            status = os.fstat(descriptor)
            seen = (status.st_ino, status.st_size, status.st_mtime_ns)
            if seen == self._seen:
                return self._history
            if not self._goes_on(descriptor, status.st_size):
                self._begin_again()
            self._read(descriptor, min(status.st_size, layout.MAX_BYTES[layout.HISTORY]))
            self._seen = seen
        except OSError:
            pass  # a file system that fails now and then; the next look comes soon
        finally:
            os.close(descriptor)
        return self._history

    def _open(self) -> int:
        """The file; neither it nor its folder may be a link."""
        folder = os.open(self._folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            return os.open(layout.HISTORY, flags, dir_fd=folder)
        finally:
            os.close(folder)

    def _goes_on(self, descriptor: int, size: int) -> bool:
        """Whether what was read still stands there."""
        start = self._offset - len(self._last)
        return size >= self._offset and os.pread(descriptor, len(self._last), start) == self._last

    def _begin_again(self) -> History:
        self._columns, self._skipped, self._offset, self._last, self._seen = Columns(), 0, 0, b"", None
        self._history = History(columns=self._columns)
        return self._history

    def _read(self, descriptor: int, size: int) -> None:
        rest = b""
        rows, position = len(self._columns), self._offset
        while position < size and (data := os.pread(descriptor, min(_CHUNK_BYTES, size - position), position)):
            position += len(data)
            whole, newline, rest = (rest + data).rpartition(b"\n")
            if not newline:
                continue
            lines = whole + newline
            parsed = parse_history(lines)
            self._skipped += parsed.skipped
            for record in parsed.records:
                self._columns.append(record)
            self._offset += len(lines)
            self._last = (self._last + lines)[-_REMEMBERED_BYTES:]
        if len(self._columns) != rows:
            self._history = History(columns=self._columns, skipped=self._skipped)
