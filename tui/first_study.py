"""What a newcomer's first `enter` starts: three poolings of one network, on data that are always there."""

from __future__ import annotations

from engine.experiment import Experiment
from engine.preparation import study_makers
from engine.store import RunStore
from engine.study import pooling_members
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
    plan = pooling_members(Experiment.build(FIRST_SETTINGS))
    runs = [make() for make in study_makers(store, plan, kind="pooling", name="pooling", seeds=_SEEDS)]
    problems = put_to_work(store, runs)
    return Done(problems[0], is_error=True) if problems else Done(f"{len(runs)} runs are queued: 3 watches, 4 compares")
