"""`cnnlab stop`, `pause`: wishes for a run that another process trains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import find_run, json_option, open_store, run_argument, runs_option
from engine.cli.output import print_line, print_outcome
from engine.cli.waiting import wait_until
from engine.errors import ExitCode, RefusedError, RequestError
from engine.listing import ended_words
from engine.text import clean

if TYPE_CHECKING:
    from engine.store import Run

_HANGS = "; whoever started it ends it after a minute without an answer, and its checkpoint is kept"


@click.command()
@run_argument()
@runs_option
@json_option
def stop(reference: str, runs_dir: Path | None, as_json: bool) -> int:
    """End a run at the next step; it is evaluated, reported, and its model kept. A queued one leaves the queue."""
    run = find_run(open_store(runs_dir), reference)
    if run.state == "queued":
        from engine.worker.backlog import unqueue

        try:
            return _say(unqueue(run), as_json)
        except RefusedError:
            run = run.reload()
            if not run.is_alive:
                raise
    run = _alive(run)
    run.request("stop")
    return _say(wait_until(run, lambda run: not run.is_alive, _HANGS), as_json)


@click.command()
@run_argument()
@runs_option
@json_option
def pause(reference: str, runs_dir: Path | None, as_json: bool) -> int:
    """Halt a run at the next step, with a checkpoint; `cnnlab resume RUN` lets it go on.

    A queued run has nothing to halt: `cnnlab stop RUN` takes it out of the queue, and `cnnlab resume RUN --detach`
    queues it again.
    """
    run = _alive(find_run(open_store(runs_dir), reference))
    run.request("pause")
    return _say(wait_until(run, lambda run: run.state == "paused" or not run.is_alive), as_json)


def _alive(run: Run) -> Run:
    run.check_whole()
    if run.is_alive:
        return run
    hints = {
        "queued": f"; `cnnlab stop {run.id}` takes it out of the queue, and `cnnlab resume {run.id} --detach` queues "
        "it again",
        "interrupted": f"; `cnnlab resume {run.id}` goes on with it",
    }
    raise RequestError(f"{clean(run.name)} is {run.state}: nobody trains it now{hints.get(run.state, '')}", field="run")


def _say(run: Run, as_json: bool) -> int:
    """Say what the run is now; FAILED where it ended in another way than was wished."""
    code = ExitCode.FAILED if run.state == "interrupted" else ExitCode.DONE
    if as_json:
        print_outcome(run.to_json(), code, ended_words(run))
    else:
        words = ended_words(run) if code else run.state
        print_line(f"{run.id}  {clean(run.name)}: {words}")
    return code
