"""Files that a screen writes for its user: never over one that is there, and said where they are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from engine.errors import RefusedError, RequestError
from engine.store.files import explained
from engine.text import clean
from tui.acts import Done

_UNSAFE = re.compile(r"[^\w.+-]+")
_MOST = 1000


def save_text(name: str, text: str) -> Path:
    """Write a text file into the working folder, under a name that the program makes.

    Args:
        name: with its ending; what a file name should not have is replaced.

    Returns:
        The file that was made: `report-test.csv`, then `report-test-2.csv`.

    Raises:
        RefusedError, StorageFullError: if it cannot be written.
    """
    return _save_new(_absolute(file_name(name)), text)


def file_name(name: str) -> str:
    """A name for a file made of one that may hold anything; `name` has an ending."""
    stem, _, ending = _UNSAFE.sub("-", name).strip("-.").rpartition(".")
    return f"{stem[:100] or 'cnnlab'}.{ending}"


def save_as(typed: str, text: str) -> Path:
    """Write a text file where somebody wants it: a name in the working folder, or a path; `~` is the user's own.

    Returns:
        The file that was made: where one is there already, the next with a number.

    Raises:
        RequestError: if its folder is none.
        RefusedError, StorageFullError: if it cannot be written.
    """
    path = _absolute(typed.strip())
    if not os.path.isdir(path.parent):  # noqa: PTH112 - which never raises
        raise RequestError(f"{clean(path.parent)} is not a folder; make it first, or choose another", field="file")
    return _save_new(path, text)


def _absolute(path: str) -> Path:
    try:
        return Path(os.path.abspath(os.path.expanduser(path)))  # noqa: PTH100, PTH111 - these follow no link
    except FileNotFoundError:
        raise RefusedError("the working folder is gone; give a whole path, or leave and start elsewhere") from None


def _save_new(path: Path, text: str) -> Path:
    for number in range(1, _MOST):
        place = path.with_name(f"{path.stem}-{number}{path.suffix}") if number > 1 else path
        with explained(place):
            try:
                with place.open("x", encoding="utf-8") as file:
                    file.write(text)
            except FileExistsError:
                continue
        return place
    raise RefusedError(f"{clean(path)}: there are {_MOST} such files; remove some")


def wrote(paths: Iterable[Path], asked: str = "", more: str = "") -> Done:
    """What was written where.

    Args:
        asked: the name that was wanted; that another was taken is said.
        more: what is in them.
    """
    written = list(paths)
    taken = f"{clean(Path(asked).name)} is there already; " if asked and written[0].name != Path(asked).name else ""
    names, whole = ", ".join(map(_short, written)), "\n".join(map(clean, written))
    return Done(f"{taken}wrote {names}{more}", details=whole, copies="\n".join(map(str, written)))


def _short(path: Path) -> str:
    """As one would type it from here."""
    here = _absolute(".")
    return clean(path.relative_to(here) if path.is_relative_to(here) else path)
