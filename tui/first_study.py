"""What a newcomer's first `enter` starts: three poolings of one network, on data that are always there."""

from __future__ import annotations

from engine.experiment import Experiment
from engine.preparation import default_name, queue_run
from engine.store import RunStore
from engine.study import new_study_id, pooling_plan
from engine.worker.start import put_to_work
from tui.acts import Done

# The classes are named here, so that the rows need not wait until the data are decoded; a test holds them to the data.
FIRST_SETTINGS = {
    "dataset": {"name": "digits", "classes": [str(digit) for digit in range(10)]},
    "training": {"epochs": 60, "lr": 0.05},
}
_SEEDS = (0, 1, 2)


def queue_first_study(store: RunStore) -> Done:
    """Queue it and see that a worker takes it."""
    experiment = Experiment.build(FIRST_SETTINGS)
    study = {"id": new_study_id(), "name": "pooling", "kind": "pooling", "seeds": list(_SEEDS)}
    runs = []
    for position, (label, member) in enumerate(pooling_plan(experiment, _SEEDS), 1):
        place = {**study, "position": position, "label": label}
        runs.append(queue_run(store, member, name=default_name(member), study=place))
    problems = put_to_work(store, runs)
    return Done(problems[0], is_error=True) if problems else Done(f"{len(runs)} runs are queued: 3 watches, 4 compares")
