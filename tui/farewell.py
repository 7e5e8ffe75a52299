"""The line that stays in the shell when one leaves."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from engine.format import duration
from engine.listing import share_done
from engine.places import places_options
from engine.store import Run
from engine.text import clean


def farewell(runs: Sequence[Run], runs_dir: Path, data_dir: Path | None = None) -> str:
    """`abf-max s1 goes on (62 %, ~0:27). Back: cnnlab-tui   Watch: cnnlab follow ID`; empty where nothing goes on.

    Args:
        runs_dir, data_dir: the folders that both commands must lead to.
    """
    alive = [run for run in runs if run.is_alive]
    queued = [run for run in runs if run.state == "queued"]
    if not alive and not queued:
        return ""
    first = (alive or queued)[-1]
    others = len(alive) + len(queued) - 1
    more = f" and {others} more" if others else ""
    verb = "goes on" if not others else "go on"
    progress = first.progress() if first.is_alive else None
    how = ""
    if progress:
        left = progress.get("eta_seconds")
        how = f" ({100 * share_done(progress):.0f} %" + (f", ~{duration(left)})" if left is not None else ")")
    back = shlex.join(["cnnlab-tui", *places_options(runs_dir, data_dir)])
    watch = shlex.join(["cnnlab", "follow", first.id, *places_options(runs_dir, None)])
    return f"{clean(first.name)}{more} {verb}{how}. Back: {clean(back)}   Watch: {clean(watch)}"
