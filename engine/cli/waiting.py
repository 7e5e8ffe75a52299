"""Waiting for whoever executes a run to grant a wish, and saying what it is that takes so long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.cli.output import print_note
from engine.errors import RefusedError
from engine.text import clean

if TYPE_CHECKING:
    from engine.store import Run

_LOOK_SECONDS = 0.1
_NOTE_SECONDS = 2.0  # a wish is granted at the end of a chunk of steps: a quarter of a second
_DOUBT_SECONDS = 15.0
_SILENT_SECONDS = 90.0  # whoever started a lane ends it sooner than that
_PATIENCE_SECONDS = 600.0


def wait_until(run: Run, condition: Callable[[Run], bool], outlook: str = "") -> Run:
    """The run, once this holds.

    Args:
        outlook: what will become of a wish that is not answered.

    Raises:
        RefusedError: if that takes too long, or whoever executes the run has shown no sign of life for long.
    """
    from engine.store.pulse import Pulse

    began, pulse, said = time.monotonic(), Pulse(), ""
    while not condition(run):
        waited, silent = time.monotonic() - began, pulse.silent_seconds(run)
        if waited > _PATIENCE_SECONDS or silent > _SILENT_SECONDS:
            words = f"{clean(run.name)} is still {run.state}: {_who(run)} was asked, and has not answered"
            raise RefusedError(f"{words}; the wish stays, for when it does", field="run")
        if waited > _NOTE_SECONDS:
            words = _reason(run) + (outlook if silent > _DOUBT_SECONDS else "")
            if words != said:
                print_note(f"{clean(run.name)}: waiting: {words}")
            said = words
        time.sleep(_LOOK_SECONDS)
        run = run.reload()
    return run


def _reason(run: Run) -> str:
    match run.state:
        case "starting":
            return "it only starts, and answers at its first step"
        case "evaluating":
            return "it is evaluated, and ends then"
    return f"no answer yet from {_who(run)}"


def _who(run: Run) -> str:
    from engine.store import layout
    from engine.store.holder import holder_words

    return clean(holder_words(run.path / layout.LOCK))
