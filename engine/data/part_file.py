"""The part of an archive that is here: one process fetches it at a time, the others wait and see it grow."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_LOOK_SECONDS = 0.25


@contextmanager
def held_part(part: Path, tell: Callable[[int], object]) -> Iterator[None]:
    """Hold the file, made empty where there is none; it is freed with the process at the latest.

    Args:
        tell: given its bytes now and then while another process holds it; what it raises ends the waiting.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        descriptor = os.open(part, flags, 0o644)
        try:
            while not _try_lock(descriptor):
                tell(os.fstat(descriptor).st_size)
                time.sleep(_LOOK_SECONDS)
            if _is_at(descriptor, part):  # else whoever held it has finished, or thrown it away
                yield
                return
        finally:
            os.close(descriptor)


def drop_empty(part: Path) -> None:
    """Leave no file that says nothing."""
    if part.exists() and not part.stat().st_size:
        part.unlink()


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks: as if there were nobody else
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
