"""The one process that may write a run: it holds the lock, and writes nothing by halves."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from engine.documents import encode_document
from engine.errors import LabError, RefusedError, StorageFullError
from engine.store import layout
from engine.store.files import TEMPORARY, append_lines, open_to_write, read_file, replace_file
from engine.store.history import cut_history, encode_history
from engine.store.lock import take_lock
from engine.store.requests import Request, read_requests
from engine.store.run import Run
from engine.text import clean

if TYPE_CHECKING:
    from engine.store.arrays import Arrays

_RESERVE_BYTES = (64 << 10, 16 << 10, 8 << 10)


class RunOwner:
    """A run whose lock is held; a context manager that lets go of it.

    Attributes:
        run: the run as it is now; fresh after each `update`.
    """

    def __init__(self, run: Run, wait_seconds: float) -> None:
        if run.damage == "skipped (symlink)" or run.read_only_reason:
            raise RefusedError(f"{run.id}: {run.read_only_reason or run.damage}", field="run")
        self._refused: set[str] = set()
        self._lock = take_lock(run.path / layout.LOCK, wait_seconds=wait_seconds)
        try:
            self.run = run.reload()
            if self.run.damage:
                raise RefusedError(f"{run.id} is damaged: {self.run.damage}; see `cnnlab doctor`", field="run")
            self._tidy()
            self.make_reserve()
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Let go of the run; an edit that came too late for whoever executed it is written now."""
        try:
            with suppress(StorageFullError):
                for request in self.take_requests():
                    if request.kind == "edit":
                        self.update(**request.payload)
                        request.grant()
            self.release_reserve()
        finally:
            self._lock.release()

    def update(self, **changes: Any) -> None:
        """Change top-level keys of run.json; keys that this version does not know survive."""
        fresh = self.run.reload()
        before = self.run.document if fresh.damage else fresh.document
        replace_file(self.run.path / layout.RUN, encode_document({**before, **changes}, indent=1))
        self.run = self.run.reload()
        touch_changed(self.run)

    def append_history(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Append epoch records, as one write of whole lines."""
        if records:
            append_lines(self.run.path / layout.HISTORY, encode_history([dict(record) for record in records]))

    def cut_history(self, epoch: int) -> None:
        """Cut the history back to this epoch, and to whole lines."""
        path = self.run.path / layout.HISTORY
        try:
            data = read_file(path, max_bytes=layout.MAX_BYTES[layout.HISTORY])
        except FileNotFoundError:
            return
        kept = cut_history(data, epoch)
        if kept != data:
            replace_file(path, kept)

    def write_progress(self, document: Mapping[str, Any]) -> None:
        """Replace progress.json, without fsync."""
        replace_file(self.run.path / layout.PROGRESS, encode_document(document), sync=False)

    def clear_progress(self) -> None:
        with suppress(FileNotFoundError):
            (self.run.path / layout.PROGRESS).unlink()

    def write_report(self, document: Mapping[str, Any]) -> None:
        replace_file(self.run.path / layout.REPORT, encode_document(document))

    def write_export(self, document: Mapping[str, Any]) -> None:
        replace_file(self.run.path / layout.EXPORT, encode_document(document, indent=1))

    def write_predictions(self, arrays: Arrays) -> None:
        from engine.store.arrays import encode_arrays

        replace_file(self.run.path / layout.PREDICTIONS, encode_arrays(arrays, {"format": layout.FORMAT}))

    def take_requests(self) -> list[Request]:
        """What users wish, oldest first; refused ones are removed and logged."""
        requests, refused = read_requests(self.run.path)
        for line in refused:
            if line not in self._refused:  # what cannot be removed is there each time, and told once
                self._refused.add(line)
                self.log(f"{line}\n")
        return requests

    def forget_requests(self) -> None:
        """Remove wishes that were meant for an execution that is over; edits stay."""
        for request in self.take_requests():
            if request.kind != "edit":
                request.grant()

    def make_reserve(self) -> None:
        """Set some room aside, as much as there is, so that a full disk can still be told about."""
        for size in _RESERVE_BYTES:
            with suppress(OSError, LabError):
                descriptor = open_to_write(self.run.path / layout.RESERVE)
                try:
                    if hasattr(os, "posix_fallocate"):
                        os.posix_fallocate(descriptor, 0, size)
                    else:
                        os.write(descriptor, bytes(size))
                finally:
                    os.close(descriptor)
                return

    def release_reserve(self) -> None:
        with suppress(OSError):
            (self.run.path / layout.RESERVE).unlink()

    def log(self, text: str) -> None:
        """Add text to worker.log; a log that cannot be written stops nothing."""
        lines = "".join(f"{clean(line)}\n" for line in text.splitlines())
        with suppress(OSError, LabError):
            descriptor = open_to_write(self.run.path / layout.LOG, os.O_APPEND)
            try:
                os.write(descriptor, lines.encode())
            finally:
                os.close(descriptor)

    def _tidy(self) -> None:
        """Remove what a killed process left half-made."""
        with os.scandir(self.run.path) as entries:
            left = [Path(entry.path) for entry in entries if entry.name.startswith(TEMPORARY)]
        for path in left:
            with suppress(OSError):
                path.unlink()


def touch_changed(run: Run) -> None:
    """Tell readers of the whole folder that something changed."""
    touch(run.path.parent / layout.CHANGED)


def touch(path: Path) -> None:
    try:
        descriptor = open_to_write(path)
    except (OSError, LabError):
        return  # readers look at everything now and then anyway
    try:
        os.utime(descriptor)
    finally:
        os.close(descriptor)
