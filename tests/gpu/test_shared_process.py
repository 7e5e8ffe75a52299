"""Lanes of one GPU: runs on streams of one process, to the same bits as one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.experiment import Experiment
from engine.preparation import prepare, queue_run
from engine.store import Run, RunStore
from engine.worker.pool import LanePool
from tests.faults.processes import assert_same_alone, lane_of, wait_for

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device here"),
]
Tiny = Callable[..., Experiment]
DEVICE = "cuda:0"
VARIANTS: list[dict[str, Any]] = [
    {"pooling": "max", "momentum": 0.9},
    {"pooling": "stride", "flips": "random", "shift": 2, "batch_size": 37},
    {"name": "lab-bn", "dropout": 0.3, "ema": 0.9},
]


@pytest.fixture
def lanes(store: RunStore) -> Iterator[LanePool]:
    lanes = LanePool(store, DEVICE, 3, room=3)
    yield lanes
    lanes.close()


def finish(lanes: LanePool, runs: list[Run]) -> list[Run]:
    """Trains runs at once, in one process."""
    for run in runs:
        lanes.add(run)
    ended: list[str] = []
    wait_for(lambda: ended.extend(end.run_id for end in lanes.poll(0.1)) or len(ended) == len(runs), seconds=120)
    assert len({lane_of(run) for run in runs}) == 1
    return [run.reload() for run in runs]


def test_runs_at_once_have_the_same_bits_as_one_after_another(
    lanes: LanePool, store: RunStore, tiny: Tiny, tmp_path: Path
) -> None:
    settings = [prepare(tiny(epochs=300, **changes))[0] for changes in VARIANTS]
    runs = finish(lanes, [queue_run(store, experiment, device=DEVICE) for experiment in settings])
    assert [run.state for run in runs] == ["finished"] * 3
    again = finish(lanes, [queue_run(store, experiment, device=DEVICE) for experiment in settings[:1]])
    assert lane_of(again[0]) == lane_of(runs[0])
    for run in (*runs, *again):
        same = assert_same_alone(run, RunStore(tmp_path / "alone"), DEVICE)
        assert run.environment["path"] == same.environment["path"]


def test_a_run_that_fails_leaves_the_others_alone(lanes: LanePool, store: RunStore, tiny: Tiny, tmp_path: Path) -> None:
    good, diverging = tiny(epochs=300), tiny(epochs=300, lr=1e9, weight_decay=1.0)
    runs = [queue_run(store, prepare(one)[0], device=DEVICE) for one in (good, diverging, good)]
    first, failed, second = finish(lanes, runs)
    assert failed.document["failure"]["kind"] == "diverged"
    for run in (first, second):
        assert_same_alone(run, RunStore(tmp_path / "alone"), DEVICE)
