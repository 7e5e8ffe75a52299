"""The process that holds a lock, seen from outside: for messages, and nothing else."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from engine.store.lock import is_held, load_holder

STOPPED, _TRACED, _IN_KERNEL = "T", "t", "D"  # as /proc says


def holder_words(lock: Path) -> str:
    """`process 1234, which is stopped (SIGSTOP); kill -CONT 1234 lets it go on`: who has it, and what keeps it.

    What the lock file says is checked against the kernel: a pid that another program has now is not spoken of.
    """
    said = load_holder(lock)
    pid, host = said.get("pid"), said.get("host")
    if type(pid) is not int or not is_held(lock):
        return "the process that has it"
    if host != socket.gethostname() or not _has_open(pid, lock):
        return f"process {pid} on {host}"
    return f"process {pid}{_what_keeps(pid)}"


def is_stopped(lock: Path) -> bool:
    """Whether the holder is known to be stopped by a signal."""
    pid = load_holder(lock).get("pid")
    return type(pid) is int and _has_open(pid, lock) and process_state(pid) == STOPPED and is_held(lock)


def _what_keeps(pid: int) -> str:
    words = {
        STOPPED: f", which is stopped (SIGSTOP, or ctrl-z); kill -CONT {pid} lets it go on",
        _TRACED: ", which a debugger holds",
        _IN_KERNEL: ", which waits in the kernel, for a disk or a driver",
    }
    return words.get(process_state(pid), "")


def _has_open(pid: int, path: Path) -> bool:
    """Whether this process of ours has this very file open."""
    try:
        file = path.stat()
        with os.scandir(f"/proc/{pid}/fd") as entries:
            return any(_is_file(entry.path, file) for entry in entries)
    except OSError:
        return False


def _is_file(path: str, file: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), file)  # noqa: PTH116 - the target of a link in /proc
    except OSError:
        return False


def process_state(pid: int) -> str:
    """The letter that the kernel has for what a process does; empty where it does not say."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
