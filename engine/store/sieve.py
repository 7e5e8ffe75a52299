"""Runs in one state among thousands that are not: a folder is read again only when its run.json was replaced."""

from __future__ import annotations

import os

from engine.errors import DataError, RefusedError
from engine.store import layout
from engine.store.files import read_file
from engine.store.run import Run
from engine.store.store import RunStore

_Signature = tuple[int, int, int]


class Sieve:
    """Looks for runs that say a state, again and again.

    Args:
        state: as it stands in run.json; one that needs no look at the lock, such as `queued`.
    """

    def __init__(self, store: RunStore, state: str) -> None:
        self._store, self._state = store, state
        self._word = f'"{state}"'.encode()
        self._seen: dict[str, tuple[_Signature, Run | None]] = {}

    def runs(self) -> list[Run]:
        """Those in the state, newest first.

        Raises:
            RequestError, RefusedError: as `RunStore.runs`.
        """
        before, self._seen = self._seen, {}
        root = os.fspath(self._store.root)
        for name in self._store.names():
            signature = _signature(f"{root}/{name}/{layout.RUN}")
            if signature is None:
                continue
            known = before.get(name)
            self._seen[name] = known if known and known[0] == signature else (signature, self._read(name))
        return [run for _, run in self._seen.values() if run is not None]

    def _read(self, name: str) -> Run | None:
        path = self._store.root / name
        try:
            if self._word not in read_file(path / layout.RUN, max_bytes=layout.MAX_BYTES[layout.RUN]):
                return None
        except (OSError, DataError, RefusedError):
            return None
        run = Run(path)
        return run if run.state == self._state else None


def _signature(path: str) -> _Signature | None:
    """What changes with a file: a replacement is another one, and who writes in place changes its time."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
