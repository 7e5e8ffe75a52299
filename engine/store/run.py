"""One run as its folder shows it: read tolerantly, its state computed, never raising for damage."""

from __future__ import annotations

import os
import socket
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.documents import DocumentError, parse_document
from engine.errors import DataError, RefusedError
from engine.store import layout
from engine.store.fields import without_wrong_fields
from engine.store.files import load_document, read_file, read_file_and_status
from engine.store.history import History, parse_history
from engine.store.lock import is_held, is_trusted, load_holder
from engine.store.shape import STATES, fetch_of, is_progress, newer_format, phases_of, what_is_wrong
from engine.store.sharing import SharedParts

if TYPE_CHECKING:
    from engine.store.arrays import Arrays
    from engine.store.owner import RunOwner


class Run:
    """A run as it was when it was read; `reload` reads it again.

    Ten thousand of them fit into a screen's memory: one keeps no more than a listing needs, and documents read
    through the same `SharedParts` share what is equal in them. Nobody changes a document.

    Attributes:
        path: its folder.
        id: the folder's name.
        document: `run.json`; what can be known of it where it is damaged.
        damage: why `run.json` cannot be relied on, or None.
        read_only_reason: why nothing may be written here, or None.
    """

    __slots__ = ("_progress_read", "_root", "_signature", "_state", "damage", "document", "id", "read_only_reason")

    def __init__(self, path: str | os.PathLike[str], shared: SharedParts | None = None) -> None:
        root, self.id = os.path.split(os.fspath(path))
        self._root = sys.intern(root)
        self._signature: int | None = None
        self._state: str | None = None
        self._progress_read: dict[str, Any] | None = None
        self.document: dict[str, Any] = {}
        self.damage = self._read(shared)
        self.read_only_reason = None if self.damage else newer_format(self.document)

    @property
    def path(self) -> Path:
        return Path(self._root, self.id)

    def _read(self, shared: SharedParts | None) -> str | None:
        folder = os.path.join(self._root, self.id)  # noqa: PTH118 - a listing makes these by the ten thousand
        try:
            if stat.S_ISLNK(os.lstat(folder).st_mode):
                return "skipped (symlink)"
            data, status = read_file_and_status(f"{folder}/{layout.RUN}", max_bytes=layout.MAX_BYTES[layout.RUN])
            self._signature = _signature(status)
            document = shared.parse(data) if shared else parse_document(data)
        except FileNotFoundError:
            return f"{layout.RUN} is missing"
        except (DataError, RefusedError) as error:
            return error.message.removeprefix(f"{folder}/")
        except DocumentError as error:
            return f"{layout.RUN}: {error}"
        wrong = what_is_wrong(document)
        if wrong is None:
            self.document = without_wrong_fields(document) if newer_format(document) else document
            return None
        return f"{layout.RUN}: {wrong}"

    @property
    def name(self) -> str:
        return str(self.document.get("name") or self.id)

    @property
    def tags(self) -> list[str]:
        return list(self.document.get("tags") or [])

    @property
    def note(self) -> str:
        return str(self.document.get("note") or "")

    @property
    def notices(self) -> list[str]:
        """What its user should know of how it was trained."""
        found = self.document.get("notices")
        return [str(notice) for notice in found] if isinstance(found, list) else []

    @property
    def created(self) -> str:
        return str(self.document.get("created") or "")

    @property
    def experiment(self) -> dict[str, Any]:
        """The settings by section; empty where they are not known."""
        return self._table("experiment") or {}

    @property
    def environment(self) -> dict[str, Any]:
        return self._table("environment") or {}

    @property
    def summary(self) -> dict[str, Any] | None:
        return self._table("summary")

    @property
    def study(self) -> dict[str, Any] | None:
        return self._table("study")

    @property
    def images(self) -> dict[str, int]:
        """Images in each split, by name; empty before the data were read."""
        found = self._table("images") or (self.summary or {}).get("images") or {}
        return {name: count for name, count in found.items() if type(count) is int} if isinstance(found, dict) else {}

    def _table(self, key: str) -> dict[str, Any] | None:
        value = self.document.get(key)
        return value if isinstance(value, dict) and value else None

    @property
    def state(self) -> str:
        """What the run is in now: what it last said, unless nobody is there to be what it says."""
        if self._state is None:
            self._state = self._find_state()
        return self._state

    def _find_state(self) -> str:
        while not self.damage:
            said = str(self.document.get("state"))
            if said not in STATES:
                return layout.NEWER  # a format that this one knows has no other states
            if said not in layout.ALIVE or is_held(self.path / layout.LOCK):
                return said
            before, self.damage = self.document, self._read(None)
            if self.document == before:  # else it ended, or began, between the two looks
                return said if self.is_doubtful else layout.INTERRUPTED
        return layout.DAMAGED

    @property
    def is_doubtful(self) -> bool:
        """It says that it is alive, and only the heartbeat can tell: locks do not reach the host that it is on."""
        if self.document.get("state") not in layout.ALIVE or is_held(self.path / layout.LOCK):
            return False
        return not is_trusted(self.path) and load_holder(self.path / layout.LOCK).get("host") != socket.gethostname()

    @property
    def is_alive(self) -> bool:
        """Somebody executes it now."""
        return self.state in layout.ALIVE

    @property
    def is_over(self) -> bool:
        """Finished, stopped or failed."""
        return self.state in layout.OVER

    def check_whole(self) -> None:
        """See that its settings and its state can be relied on.

        Raises:
            DataError: if they cannot.
        """
        if self.damage:
            raise DataError(f"{self.id} is damaged: {self.damage}; see `cnnlab doctor`", field="run")
        if self.read_only_reason and not {"dataset", "model", "training"} <= self.experiment.keys():
            reason = f"{self.id} is {self.read_only_reason}, and its settings are not understood"
            raise DataError(f"{reason}; take that cnnlab", field="run")

    def to_json(self) -> dict[str, Any]:
        """The run object of `--json`: `run.json` with the state computed."""
        document = {**self.document, "id": self.id, "name": self.name, "state": self.state}
        if self.damage:
            document["damage"] = self.damage
        if self.read_only_reason:
            document["read_only"] = self.read_only_reason
        return document

    def reload(self) -> Run:
        return Run(self.path)

    def refresh(self, shared: SharedParts | None = None) -> Run:
        """The run as it is now: this very object where `run.json` was not replaced and is not of one that lives."""
        try:
            status = os.lstat(f"{self._root}/{self.id}/{layout.RUN}")
        except OSError:
            return Run(self.path, shared)
        if self.damage or self._signature != _signature(status) or self.document.get("state") in layout.ALIVE:
            return Run(self.path, shared)
        return self

    def history(self) -> History:
        """The epochs so far; empty where there is no history."""
        try:
            return parse_history(read_file(self.path / layout.HISTORY, max_bytes=layout.MAX_BYTES[layout.HISTORY]))
        except (FileNotFoundError, DataError, RefusedError):
            return History([])

    def progress(self) -> dict[str, Any] | None:
        """The step under way and the heartbeat, as this object first read them; None when no step is under way."""
        return self._progress if is_progress(self._progress) else None

    def phases(self) -> list[tuple[str, float | None]]:
        """What a run that starts has done so far: names and seconds, None for what it does now; else empty."""
        return phases_of(self._progress)

    def fetch(self) -> dict[str, Any] | None:
        """`done_bytes`, `total_bytes`, `bytes_per_second` (or None), `trouble` (or "") while its data are fetched."""
        return fetch_of(self._progress)

    @property
    def _progress(self) -> dict[str, Any]:
        if self._progress_read is None:
            self._progress_read = self._load(layout.PROGRESS) or {}
        return self._progress_read

    def report(self) -> dict[str, Any] | None:
        """`report.json`, every split."""
        return self._load(layout.REPORT)

    def export(self) -> dict[str, Any] | None:
        """`export.json`, the parity certificate of an export."""
        return self._load(layout.EXPORT)

    def predictions(self) -> Arrays | None:
        """`<split>.labels`, `<split>.predictions` int64 `[N]`, `<split>.confidence` float32 `[N]`, `test.logits`
        float32 `[N, K]`; None where they are missing or damaged."""
        from engine.store.arrays import DamagedFileError, decode_arrays

        try:
            data = read_file(self.path / layout.PREDICTIONS, max_bytes=layout.MAX_BYTES[layout.PREDICTIONS])
            return decode_arrays(data)[0]
        except (FileNotFoundError, DataError, RefusedError, DamagedFileError):
            return None

    def _load(self, name: str) -> dict[str, Any] | None:
        return load_document(self.path / name, max_bytes=layout.MAX_BYTES[name])

    def request(self, kind: str, **payload: Any) -> None:
        """Leave a wish for whoever executes this run: stop, pause, resume, edit."""
        from engine.store.requests import leave_request

        leave_request(self.path, kind, payload)

    def own(self, wait_seconds: float = 1.0) -> RunOwner:
        """Take the run's lock, to write.

        Raises:
            RefusedError: naming the holder, or why nobody may write here.
        """
        from engine.store.owner import RunOwner

        return RunOwner(self, wait_seconds)


def _signature(status: os.stat_result) -> int:
    """Differs, but for a chance of one in 2^61, where a file was replaced or written."""
    return hash((status.st_mtime_ns, status.st_size, status.st_ino))
