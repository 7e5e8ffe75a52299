"""Another folder of runs: what somebody typed, checked; and the program started again on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.errors import RequestError
from engine.store import layout
from engine.text import clean


def folder_of_runs(typed: str) -> Path:
    """The folder that a text names, absolute; `~` is the user's own. It need not exist yet.

    Raises:
        RequestError: if something else is there, or nobody could make a folder there.
    """
    if not typed.strip():
        raise RequestError("name a folder of runs; a new one is made with its first run", field="runs")
    # `os.path` throughout: `resolve` would follow links, and `Path`'s questions raise where one may not look.
    path = Path(os.path.abspath(os.path.expanduser(typed.strip())))  # noqa: PTH100, PTH111
    there = next(place for place in (path, *path.parents) if os.path.lexists(place))
    if not os.path.isdir(there):  # noqa: PTH112
        raise RequestError(f"{clean(there)} is not a folder; name one that holds runs, or shall", field="runs")
    if os.path.lexists(path / layout.RUN):
        raise RequestError(f"{clean(path)} is one run; its folder of runs is {clean(path.parent)}", field="runs")
    return path


def command_again(options: Sequence[str]) -> list[str]:
    """This program as it was started, with other options."""
    started = sys.orig_argv[1 : len(sys.orig_argv) - len(sys.argv) + 1]  # the interpreter's own options, the script
    return [sys.executable, *started, *options]
