"""Wishes of a user for a run that another process executes: one small file each, in the run's folder."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.documents import encode_document
from engine.errors import RequestError
from engine.store.chance import random_hex
from engine.store.files import FOLDER_MODE, explained, load_document, replace_file
from engine.store.layout import REQUESTS
from engine.text import clean
from engine.toml_words import toml_words

KINDS = ("stop", "pause", "resume", "edit")
EDITABLE = ("name", "tags", "note")
_MAX_BYTES = 64 << 10
_LONGEST_NAME = 200
_DIGITS = 20


@dataclass(frozen=True)
class Request:
    """One wish. `grant` removes it: what was wished has been done."""

    kind: str
    payload: dict[str, Any]
    path: Path

    def grant(self) -> None:
        with suppress(FileNotFoundError):
            self.path.unlink()


def leave_request(folder: Path, kind: str, payload: dict[str, Any]) -> None:
    """Write a wish into a run folder."""
    if kind not in KINDS:
        raise RequestError(f"{kind!r} is not one of {', '.join(KINDS)}", field="kind")
    place = folder / REQUESTS
    with explained(place):
        place.mkdir(mode=FOLDER_MODE, exist_ok=True)
    replace_file(place / _new_name(place), encode_document({"format": 1, "kind": kind, **payload}))


def _new_name(place: Path) -> str:
    """A name that sorts behind those of all wishes that wait, though the clock went back."""
    with explained(place):
        names = [path.name for path in place.iterdir()]
    waiting = [int(name[:_DIGITS]) for name in names if name[:_DIGITS].isdecimal()]
    moment = max([time.time_ns(), *(number + 1 for number in waiting)])
    return f"{moment:0{_DIGITS}}-{random_hex(4)}"


def read_requests(folder: Path) -> tuple[list[Request], list[str]]:
    """The wishes in a run folder, oldest first, and what was refused, which is removed where it can be.

    Refused is a file that another user owns or could write, one that is no request, and all of a folder of
    another user, or that others could write.
    """
    requests, refused = [], []
    reason = _stranger(folder / REQUESTS, stat.S_ISDIR, "a folder")
    if reason and os.path.lexists(folder / REQUESTS):
        return [], [f"{REQUESTS} refused: {reason}"]
    try:
        names = sorted(entry.name for entry in os.scandir(folder / REQUESTS) if not entry.name.startswith("."))
    except OSError:
        return [], []
    for name in names:
        path = folder / REQUESTS / name
        reason = _stranger(path, stat.S_ISREG, "a regular file")
        document = None if reason else load_document(path, max_bytes=_MAX_BYTES)
        if document is not None and document.get("kind") in KINDS:
            payload = {key: document[key] for key in EDITABLE if key in document}
            reason = what_is_wrong_with(payload)
            if reason is None:
                requests.append(Request(document["kind"], payload, path))
                continue
        refused.append(f"request {clean(name)} refused: {reason or 'not a request'}")
        with suppress(OSError):
            path.unlink()
    return requests, refused


def is_stop_waiting(folder: Path) -> bool:
    """Whether a stop was asked for, and is not granted yet. Nothing is removed."""
    try:
        paths = [Path(entry.path) for entry in os.scandir(folder / REQUESTS) if not entry.name.startswith(".")]
    except OSError:
        return False
    return any((load_document(path, max_bytes=_MAX_BYTES) or {}).get("kind") == "stop" for path in paths)


def what_is_wrong_with(edit: dict[str, Any]) -> str | None:
    """Why these cannot be a run's new name, tags and note; None where they can."""
    name, tags, note = edit.get("name", "-"), edit.get("tags", []), edit.get("note", "")
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        return f"name: {toml_words(name, 60)} is not a text of 1 … {_LONGEST_NAME} characters"
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag.strip() for tag in tags):
        return f"tags: {toml_words(tags, 60)} is not a list of words"
    if not isinstance(note, str):
        return f"note: {toml_words(note, 60)} is not text"
    return None


def _stranger(path: Path, is_kind: Callable[[int], bool], kind: str) -> str | None:
    """Why what lies there need not be a wish of this user."""
    try:
        status = path.lstat()
    except OSError as error:
        return str(error.strerror)
    if not is_kind(status.st_mode):
        return f"not {kind}"
    if status.st_uid != os.geteuid():
        return f"it belongs to user {status.st_uid}"
    if status.st_mode & 0o022:
        return "others may write it"
    return None
