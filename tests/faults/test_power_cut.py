"""The power goes at any moment, and takes with it what was not on the disk yet: readable runs, and the same bits."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.experiment import Experiment
from engine.store import RunStore
from tests.faults.crash_disk import CrashDisk, lay_out
from tests.faults.test_killed_runs import every_chunk_is_written, finish, queue, what_counts

__all__ = ["every_chunk_is_written"]
Tiny = Callable[..., Experiment]


@pytest.mark.slow
@pytest.mark.usefixtures("every_chunk_is_written")
@pytest.mark.parametrize("strict", [False, True], ids=["names last", "names are lost too"])
def test_a_power_cut_after_any_operation_leaves_readable_runs_that_go_on_to_the_same_bits(
    memory_folder: Path, tiny: Tiny, strict: bool
) -> None:
    experiment, store = tiny(epochs=2), RunStore(memory_folder / "runs")
    expected = what_counts(finish(queue(RunStore(memory_folder / "whole"), experiment)))
    store.root.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        disk = CrashDisk(store.root, patch)
        finish(queue(store, experiment))
    cuts = list(disk.power_cuts(strict))
    states, most = [], 0
    for number, left in cuts:
        place = RunStore(memory_folder / "after")
        lay_out(left, place.root)
        runs = place.runs()
        assert len(runs) <= 1
        for run in runs:
            states.append(run.state)
            assert run.state in ("queued", "interrupted", "finished"), f"power cut after operation {number}"
            confirmed = len(run.history().records)
            assert confirmed >= most, "a line of the history that was there is gone"
            most = confirmed
            if run.state != "finished":
                finish(run)
            assert what_counts(run.reload()) == expected, f"power cut after operation {number}"
        shutil.rmtree(place.root)
    assert states[-1] == "finished"
    assert len(states) > (10 if strict else 30)
