"""From a form to queued runs and a worker that takes them; called in a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.preparation import prepare_all, queue_run, study_makers
from engine.store import Run, RunStore
from engine.worker.backlog import unqueue
from engine.worker.start import put_to_work
from tui.acts import Done
from tui.form.check import Checked


def start(store: RunStore, checked: Checked, data_dir: Path | None, tell: Callable[[Sequence[Run]], object]) -> Done:
    """Queue what a form asks for, its seeds and settings fixed now. Data that can be fetched are, by the first run.

    Args:
        checked: of a form without problems.
        tell: given the runs as soon as they are made.

    Raises:
        SettingsError, DataError: as `engine.preparation.prepare`; nothing is made then.
        RefusedError, StorageFullError: if the folder cannot be written.
    """
    from engine.data.absent import is_to_be_fetched

    name = checked.runs[0].experiment.dataset.name
    fetch = is_to_be_fetched(name, data_dir)
    if checked.kind == "run":
        store.check_writable()
        (experiment,) = prepare_all([checked.runs[0].experiment], data_dir, fetch=fetch)
        runs = [queue_run(store, experiment, device=checked.device, data_dir=data_dir, fetch=fetch)]
    else:
        wish: dict[str, Any] = {"seeds": checked.seeds, "device": checked.device, "data_dir": data_dir, "fetch": fetch}
        makers = study_makers(store, checked.members, kind=checked.kind, name=study_name(checked), **wish)
        runs = [make() for make in makers]
    tell(runs)
    problems = put_to_work(store, runs, checked.lanes)
    words = f"{len(runs)} runs are" if len(runs) > 1 else f"{runs[0].name} is"
    behind = f" behind the fetch of {name}" if fetch else ""

    def undo() -> str:
        return _take_back(store, runs)

    if problems:
        return Done(f"{words} queued{behind}, but {problems[0]}", undo, is_error=True)
    return Done(f"{words} queued{behind}   u: undo", undo)


def study_name(checked: Checked) -> str:
    """`pooling`, `seeds`, or of a grid what it varies: `lr x hidden_size`."""
    if checked.kind != "grid":
        return checked.kind
    return " x ".join(field.partition(".")[2] for field in checked.varied)


def _take_back(store: RunStore, runs: Sequence[Run]) -> str:
    """Those that have not begun go to the trash."""
    gone = 0
    for run in runs:
        now = run.reload()
        if now.state == "queued":
            store.trash(unqueue(now))
            gone += 1
    begun = len(runs) - gone
    return f"{gone} queued run{'s' if gone != 1 else ''} in the trash" + (f"; {begun} had begun" if begun else "")
