"""What a run says before its first step."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from engine.execution.phases import DATA, IMPORTING, Phases
from engine.execution.train import train
from engine.experiment import Experiment
from engine.store import RunStore, layout


def test_the_phases_of_a_start_are_told_with_their_seconds(store: RunStore, tiny: Callable[..., Experiment]) -> None:
    experiment = tiny()
    run = store.create(experiment.to_dict(), fingerprint=experiment.fingerprint, name="x")
    with run.own() as owner:
        phases = Phases(owner)
        phases.begin(IMPORTING)
        assert run.phases() == [(IMPORTING, None)]
        phases.begin(DATA)
        (first, seconds), under_way = run.reload().phases()
        assert (first, under_way) == (IMPORTING, (DATA, None))
        assert seconds is not None
        assert seconds >= 0
        assert run.reload().progress() is None


def test_a_training_tells_its_phases_and_then_its_images(
    store: RunStore, tiny: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[list[str]] = []
    begin = Phases.begin

    def begin_and_look(phases: Phases, name: str) -> None:
        begin(phases, name)
        told.append([name for name, _ in store.runs()[0].phases()])

    monkeypatch.setattr(Phases, "begin", begin_and_look)
    for _ in train(tiny(), store=store, device="cpu"):
        pass
    assert told[-1] == ["decoding data", "building the network", "preparing the step"]
    assert told == [told[-1][:count] for count in (1, 2, 3)]
    run = store.runs()[0]
    assert run.phases() == []
    assert run.images == (run.summary or {})["images"]
    assert run.document["images"] == run.images


@pytest.mark.parametrize(
    "document",
    [
        {"heartbeat": 1},
        {"epoch": "1", "epochs": 2, "step": 1, "steps_per_epoch": 2},
        {"epoch": 1, "epochs": 2, "step": 1, "steps_per_epoch": 2, "loss": "low"},
        {"phases": "many"},
        {"phases": [1, {"seconds": "x"}]},
    ],
)
def test_a_progress_that_makes_no_sense_is_none(
    store: RunStore, tiny: Callable[..., Experiment], document: object
) -> None:
    experiment = tiny()
    run = store.create(experiment.to_dict(), fingerprint=experiment.fingerprint, name="x")
    (run.path / layout.PROGRESS).write_text(json.dumps(document))
    assert run.progress() is None
    assert all(seconds is None for _, seconds in run.phases())
