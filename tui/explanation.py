"""Why a run has no numbers: its reason whole, what its process said last, and what to do."""

from __future__ import annotations

import os

from engine.errors import DataError, RefusedError
from engine.store import Run, layout
from engine.store.files import open_regular

_FACTS = ("kind", "epoch", "step", "lr", "last_good_epoch")
_TAIL_BYTES, _TAIL_LINES = 16 << 10, 40


def explain(run: Run) -> list[str]:
    """Lines about it; foreign text is in them. Reads the end of its log."""
    document = run.document
    if run.damage or run.read_only_reason:
        return [
            run.damage or run.read_only_reason or "",
            "",
            f"folder  {run.path}",
            "",
            "Its other files are as they were. D moves the run to the trash; cnnlab doctor says more.",
        ]
    failure = document.get("failure") or {}
    lines = [str(document.get("waiting") or failure.get("reason") or run.state)]
    lines += [f"{key:<16} {failure[key]}" for key in _FACTS if key in failure]
    if run.state == "failed":
        like_it = "" if failure.get("kind") == "diverged" else " n: one like it."
        lines += ["", f"P: it {how_it_goes_on(run)}.{like_it} 3: its curves."]
    return [*lines, "", f"folder  {run.path}", *last_words(run, _TAIL_LINES)]


def how_it_goes_on(run: Run) -> str:
    """What `P` leads to. Looks for the run's checkpoint."""
    failure = run.document.get("failure") or {}
    diverged = failure.get("kind") == "diverged"
    if not any((run.path / name).is_file() for name in (layout.LAST, layout.PREVIOUS)):
        where = "begins anew: it has no checkpoint"
    else:
        where = "begins anew" if failure.get("last_good_epoch") == 0 else "goes on from its last checkpoint"
    return f"{where}; the same steps will diverge again; n sets up one with a lower lr" if diverged else where


def last_words(run: Run, count: int) -> list[str]:
    """What its process said last, under a heading; nothing where it left no log."""
    try:
        with open_regular(run.path / layout.LOG, max_bytes=1 << 40) as descriptor:
            size = os.fstat(descriptor).st_size
            data = os.pread(descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
    except (FileNotFoundError, DataError, RefusedError):
        return []
    said = data.decode("utf-8", "replace").splitlines()[-count:]
    return ["", f"{layout.LOG} ends with:", *said] if said else []
