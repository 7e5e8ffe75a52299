"""Training longer: a new run that starts from the last checkpoint and the history of an old one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.errors import Problem, RefusedError, RequestError, SettingsError
from engine.experiment import Experiment
from engine.format import counted
from engine.preparation import prepare, queue_run
from engine.store import Run, RunStore


def extend_run(
    store: RunStore,
    old: Run,
    epochs: Any,
    *,
    name: str | None = None,
    device: str = "auto",
    data_dir: Path | None = None,
    foreground: bool = True,
) -> tuple[Run, str | None]:
    """A queued run of `epochs` epochs in all, those of the old run done.

    Args:
        data_dir: where the data set is now; None: where it was.
        foreground: whoever calls trains it; else a worker may take it as soon as this returns.

    Returns:
        The run, and a warning where it will not equal one trained that long at once.

    Raises:
        SettingsError: if `epochs` is not more than the old run has done.
        DataError: if the old run is damaged, or the data are not in `data_dir`.
        RequestError: if the old run has no checkpoint, or its last epoch is under way.
    """
    from engine.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
    from engine.training.schedule import depends_on_length

    old.check_whole()
    if old.is_alive:
        raise RefusedError(f"{old.id} is {old.state}; stop it first, or let it end", field="run")
    checkpoint = load_checkpoint(old.path)
    if checkpoint is None:
        raise RequestError(f"{old.id} has no checkpoint to go on from; train it anew: cnnlab clone", field="run")
    experiment = Experiment.build(old.experiment).replace("training.epochs", epochs)
    if epochs <= checkpoint.epoch:
        message = f"{epochs} is not more than the {counted(checkpoint.epoch, 'epoch')} that {old.id} has done"
        raise SettingsError([Problem("training.epochs", message)])
    if data_dir is not None:
        prepare(experiment, data_dir)
    place = str(data_dir.resolve()) if data_dir else (old.document.get("request") or {}).get("data_dir")
    schedule = experiment.training.schedule + (" with warmup" if experiment.training.warmup else "")
    equal = not depends_on_length(experiment.training)
    run = queue_run(store, experiment, name=name or f"{old.name}-{epochs}", device=device, foreground=True)
    with run.own() as owner:
        scalars = {**checkpoint.scalars, "fingerprint": experiment.fingerprint, "experiment": experiment.to_dict()}
        save_checkpoint(run.path, Checkpoint(checkpoint.tensors, scalars))
        owner.append_history([record for record in old.history().records if record["epoch"] <= checkpoint.epoch])
        owner.update(
            request={**run.document["request"], "data_dir": place, "foreground": foreground},
            environment={"threads": old.environment.get("threads")},
            extends={"run": old.id, "epoch": checkpoint.epoch, "equal_to_one_run": equal},
        )
    warning = None
    if not equal:
        warning = (
            f"schedule {schedule} depends on the number of epochs: this run goes on at its learning rates for "
            f"{counted(epochs, 'epoch')}, and does not equal one trained that long at once"
        )
    return run, warning
