"""Training from Python: the same run folder and the same events as from the command line, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from engine.errors import RequestError
from engine.events import Event
from engine.execution.execute import execute
from engine.experiment import Experiment
from engine.preparation import prepare, queue_run
from engine.store import Run, RunStore


def train(
    experiment: Experiment,
    run: Run | None = None,
    device: str = "auto",
    *,
    store: RunStore | str | PathLike[str] = "runs",
    data_dir: str | PathLike[str] | None = None,
) -> Iterator[Event]:
    """Train an experiment and say what happens; everything is recorded in a run folder.

    Args:
        run: where to record, and where to go on if it was interrupted; None: a new run in `store`.
        device: `auto`, `cpu`, `cuda:0`.
        store: where a new run goes.
        data_dir: where the data set lies; None: the default place.

    Yields:
        Started, then StepProgress and EpochEnded, Evaluated for each split, Ended. Left early (`break`,
        ctrl-c), the run is interrupted and can be resumed.

    Raises:
        SettingsError, DataError: before anything is made.
        RefusedError: if another process trains this run.
    """
    data = Path(data_dir) if data_dir is not None else None
    prepared, _ = prepare(experiment, data)
    if run is None:
        home = store if isinstance(store, RunStore) else RunStore(store)
        run = queue_run(home, prepared, device=device, data_dir=data)
    elif Experiment.build(run.experiment) != prepared:
        raise RequestError(f"run {run.id} has other settings; make a new one with store.create", field="run")
    with run.own() as owner:
        owner.forget_requests()
        yield from execute(owner, device=device)
