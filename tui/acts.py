"""What capitals do to runs, called in a thread; each function says what it did, and how to undo it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import LabError, RefusedError, RequestError
from engine.format import counted
from engine.store import Run, RunStore, edit_run
from engine.text import clean
from tui.explanation import how_it_goes_on


@dataclass(frozen=True)
class Done:
    """What an act did.

    Args:
        text: one line.
        undo: takes it back, and says so.
        is_error: some of it went wrong.
        details: more lines.
        copies: the files that were made, one a line; `y` copies their paths.
    """

    text: str
    undo: Callable[[], str] | None = None
    is_error: bool = False
    details: str = ""
    copies: str = ""


def pause_or_go_on(store: RunStore, runs: Sequence[Run]) -> Done:
    """Pause what trains; let what is paused, interrupted, stopped or failed go on."""
    from engine.worker.backlog import requeue
    from engine.worker.start import put_to_work

    def act(run: Run) -> str:
        run = run.reload()
        if run.state == "paused":
            run.request("resume")
            return "goes on"
        if run.is_alive:
            run.request("pause")
            return "pauses at the next step"
        if run.state not in ("interrupted", "stopped", "failed"):
            raise RequestError(f"{run.id} is {run.state}; there is nothing to pause or to go on with", field="run")
        whence = how_it_goes_on(run)
        problems = put_to_work(store, [requeue(run)])
        if problems:
            raise RefusedError(problems[0], field="run")
        return f"is queued, and {whence}"

    return _on_each(runs, act)


def stop(store: RunStore, run: Run) -> Done:
    """End a run at its next step; a queued one leaves the queue, and may come back."""
    from engine.worker.backlog import requeue, unqueue
    from engine.worker.start import put_to_work

    run = run.reload()
    if run.state == "queued":
        left = unqueue(run)

        def undo() -> str:
            put_to_work(store, [requeue(left)])
            return f"{run.name} is queued again"

        return Done(f"{run.name} has left the queue", undo)
    if not run.is_alive:
        raise RequestError(f"{run.name} is {run.state}: nobody trains it now", field="run")
    run.request("stop")
    if run.state == "starting" and run.fetch():
        return Done(f"{run.name} ends; what is fetched is kept, and P goes on with it")
    return Done(f"{run.name} ends at the next step; then it is evaluated, and its model kept")


def trash(store: RunStore, runs: Sequence[Run]) -> Done:
    """Move runs to the trash."""
    gone: list[str] = []

    def act(run: Run) -> str:
        run = run.reload()
        if run.is_alive:
            raise RefusedError(f"{run.id} is {run.state}; S stops it first", field="run")
        store.trash(run)
        gone.append(run.id)
        return "is in the trash"

    def undo() -> str:
        count = 0
        while gone:  # one that comes back is done with, should another not
            store.restore(gone[-1])
            gone.pop()
            count += 1
        return f"{count} run{'s' if count > 1 else ''} back from the trash"

    done = _on_each(runs, act)
    words = f"{done.text}   u: undo" if gone else done.text
    return replace(done, text=words, undo=undo if gone else None)


def export(store: RunStore, runs: Sequence[Run], data_dir: Path | None) -> Done:
    """Save each run's best weights as ONNX, in a process of its own, with its certificate."""
    files: list[str] = []

    def act(run: Run) -> str:
        command = [sys.executable, "-m", "engine.cli", "export", run.id, "--runs", str(store.root), "--json"]
        if data_dir is not None:
            command += ["--data-dir", str(data_dir)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        try:
            document = json.loads(done.stdout)
        except ValueError:
            raise RefusedError(f"the export ended with exit code {done.returncode}: {done.stderr[-300:]}") from None
        if "error" in document:
            raise LabError(str(document["error"]["message"]))
        same, images = round(document["agreement"] * document["images"]), document["images"]
        files.append(str(document["file"]))
        size = os.stat(document["file"]).st_size / 1000  # noqa: PTH116 - the name is the document's
        return (
            f"exported: {same:,} of {images:,} {document['split']} images equal, "
            f"max difference {document['max_abs_difference']:.0e} -> {document['file']} ({size:,.0f} kB)"
        )

    return replace(_on_each(runs, act), copies="\n".join(files))


def edit(run: Run, field: str, text: str) -> Done:
    """Change a run's name, tags (separated by spaces) or note."""
    before = {"name": run.name, "tags": run.tags, "note": run.note}[field]
    after = text.split() if field == "tags" else text
    edit_run(run, **{field: after})  # type: ignore[arg-type]

    def undo() -> str:
        edit_run(run.reload(), **{field: before})  # type: ignore[arg-type]
        return f"{field} is as before"

    return Done(f"{field}: {' '.join(after) if isinstance(after, list) else after}", undo)


def _on_each(runs: Sequence[Run], act: Callable[[Run], str]) -> Done:
    """Do it to each; one that cannot be does not keep the others from it.

    Args:
        act: what became of the run, after its name.
    """
    news, problems = {}, []
    for run in runs:
        try:
            news[run.id] = act(run)
        except LabError as error:
            problems.append(_named(run, error.message))
    lines = [*problems, *(f"{run.name} {news[run.id]}" for run in runs if run.id in news)]
    if len(lines) == 1:
        text = lines[0]
    elif not problems and len(set(news.values())) == 1:
        text = f"{len(runs)} runs: each {next(iter(news.values()))}"
    else:
        text = f"{len(news)} of {counted(len(runs), 'run')}; {lines[0]}"
    return Done(clean(text), is_error=bool(problems), details="\n".join(lines) if len(lines) > 1 else "")


def _named(run: Run, message: str) -> str:
    """What is wrong with a run, with its name once."""
    begin = next((name for name in (clean(run.name), run.id) if message.startswith((f"{name} ", f"{name}: "))), None)
    return f"{run.name}: {message}" if begin is None else f"{run.name}{message.removeprefix(begin)}"
