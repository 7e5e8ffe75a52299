"""Where a worker lives: one lock and one log for each folder of runs and device."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import LabError, RefusedError, RequestError
from engine.store import RunStore, layout
from engine.store.files import FOLDER_MODE, explained, open_to_write, read_file
from engine.store.holder import holder_words, is_stopped
from engine.store.lock import Lock, is_held, load_holder, take_lock
from engine.text import clean

_MAX_LOG_BYTES = 1 << 30
_DEVICE = re.compile(r"cpu|cuda:[0-9]{1,4}")


@dataclass(frozen=True)
class WorkerPlace:
    """The worker of one folder of runs and one device, there or not.

    Args:
        device: `cpu`, `cuda:0`.
    """

    store: RunStore
    device: str

    def __post_init__(self) -> None:
        if not _DEVICE.fullmatch(self.device):
            raise RequestError(f"device: {clean(self.device)!r} is not one of cpu, cuda:0, cuda:1, …", field="device")

    @property
    def folder(self) -> Path:
        return self.store.root / layout.WORKERS

    @property
    def lock_path(self) -> Path:
        return self.folder / f"{self.device.replace(':', '-')}.lock"

    @property
    def log_path(self) -> Path:
        return self.folder / f"{self.device.replace(':', '-')}.log"

    @property
    def is_manned(self) -> bool:
        """Whether a worker is at work here now."""
        return is_held(self.lock_path)

    @property
    def what_keeps_it(self) -> str | None:
        """Why the worker at work here takes no runs: somebody stopped its process; None where it does."""
        return f"its worker is {holder_words(self.lock_path)}" if is_stopped(self.lock_path) else None

    def holder(self) -> dict[str, Any]:
        """`pid`, `host`, `since` and `lanes` of the worker at work; empty where there is none."""
        return load_holder(self.lock_path) if self.is_manned else {}

    def take(self, lanes: int) -> Lock:
        """Become the worker.

        Raises:
            RefusedError: naming the one that is at work.
        """
        self._make_folder()
        try:
            return take_lock(self.lock_path, wait_seconds=0.3, lanes=lanes)
        except RefusedError as error:
            if not self.is_manned:
                raise
            who = f"{holder_words(self.lock_path)}; see `cnnlab queue`"
            raise RefusedError(f"{self.device} has a worker here: {who}", field="device") from error

    def open_log(self) -> int:
        """A descriptor that appends to the log."""
        self._make_folder()
        return open_to_write(self.log_path, os.O_APPEND)

    def log_size(self) -> int:
        """Bytes of the log; 0 where there is none."""
        try:
            return self.log_path.lstat().st_size
        except OSError:
            return 0

    def log_tail(self, since: int = 0) -> str:
        """The last line of the log that says something.

        Args:
            since: only what was written after this many bytes.
        """
        try:
            said = read_file(self.log_path, max_bytes=_MAX_LOG_BYTES)[since:][-4000:].decode(errors="replace")
        except (OSError, LabError):
            return ""
        return clean(next((line.strip() for line in reversed(said.split("\n")) if line.strip()), ""))

    def _make_folder(self) -> None:
        with explained(self.folder):
            self.folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def worker_places(store: RunStore) -> list[WorkerPlace]:
    """Every device that ever had a worker here."""
    try:
        names = sorted(path.stem for path in (store.root / layout.WORKERS).glob("*.lock"))
    except OSError:
        return []
    devices = [name.replace("-", ":") for name in names]
    return [WorkerPlace(store, device) for device in devices if _DEVICE.fullmatch(device)]
