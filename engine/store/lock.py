"""Who executes a run: whoever holds a flock on its `owner.lock`. The kernel frees it when its holder is gone."""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import time
from pathlib import Path
from typing import Any

from engine.documents import DocumentError, parse_document
from engine.errors import DataError, RefusedError
from engine.store.clock import utc_now
from engine.store.files import open_to_write, read_file
from engine.text import clean

_LOOK_SECONDS = 0.02
_MAX_BYTES = 4096
_OCTAL = re.compile(r"\\([0-7]{3})")  # a blank in the name of a mount is \040
_UNTRUSTED = {"nfs", "nfs4", "lustre", "cifs", "smb3", "9p", "fuse.sshfs"}


class Lock:
    """A held lock; `release` lets go of it, and so does the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def take_lock(path: Path, *, wait_seconds: float, **about: Any) -> Lock:
    """Hold the lock, exclusively.

    Args:
        wait_seconds: how long to try again; readers that look hold it for a moment.
        about: what else to say of the holder.

    Raises:
        RefusedError: naming the holder's pid, host and since when; or what stands in place of the lock.
    """
    descriptor = open_to_write(path)
    give_up = time.monotonic() + wait_seconds
    try:
        while not _try_lock(descriptor):
            if time.monotonic() > give_up:
                raise RefusedError(f"{clean(path.parent.name)} is held by {_holder(path)}", field="run")
            time.sleep(_LOOK_SECONDS)
        _sign(descriptor, about)
    except BaseException:
        os.close(descriptor)
        raise
    return Lock(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock now, asked with a shared lock of a moment."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # no regular file: nobody can hold it
    finally:
        os.close(descriptor)
    return False


def is_trusted(folder: Path, mounts_file: Path = Path("/proc/self/mounts")) -> bool:
    """Whether flock means what it says here; over a network file system it may not reach other hosts."""
    try:
        mounts = mounts_file.read_text(errors="replace").splitlines()
    except OSError:
        return True
    resolved = folder.resolve()
    best, kind = "", ""
    for line in mounts:
        _, place, name, *_ = line.split(" ")
        place = _OCTAL.sub(lambda match: chr(int(match[1], 8)), place)
        if resolved.is_relative_to(place) and len(place) >= len(best):
            best, kind = place, name
    return kind not in _UNTRUSTED


def _sign(descriptor: int, about: dict[str, Any]) -> None:
    """Write into the lock file who holds it: for messages only, nothing believes it."""
    since = utc_now()
    text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since, **about}).encode()
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text, 0)
    except OSError:
        return  # a full disk does not keep anybody from owning a run


def load_holder(path: Path) -> dict[str, Any]:
    """What the last holder of a lock wrote of itself: `pid`, `host`, `since`, and more; for messages only."""
    try:
        holder = parse_document(read_file(path, max_bytes=_MAX_BYTES))
    except (OSError, DataError, RefusedError, DocumentError):
        return {}
    return holder if isinstance(holder, dict) else {}


def _holder(path: Path) -> str:
    holder = load_holder(path)
    if not holder:
        return "another process"
    return clean(f"process {holder.get('pid')} on {holder.get('host')} since {holder.get('since')}")
