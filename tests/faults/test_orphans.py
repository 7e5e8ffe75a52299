"""Lanes whose parent was killed: how soon their runs are free, whatever they were doing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.experiment import Experiment
from engine.preparation import prepare, queue_run
from engine.store import Run, RunStore, layout
from engine.worker.place import WorkerPlace
from tests.faults.processes import is_running, lane_of, start, wait_for

SOURCE = Path(__file__).parents[2]
# A lane whose `execute` is replaced: what it does takes longer than the lane's grace, or for ever.
BUSY_LANE = """
import sys, time, types
from engine.execution.control import Leave

def execute(owner, control, **_):
    state = {states}[owner.run.id]
    owner.update(state=state)
    owner.log("in hand\\n")  # the file is there before its owner knows that it is
    while state == "evaluating" or control.leave is not Leave.ABANDON:
        time.sleep(0.01)
        yield
    time.sleep(1.0)
    owner.update(note="checkpoint saved")

sys.modules["engine.execution.execute"] = types.SimpleNamespace(execute=execute)
from engine.worker.lane import main
main()
"""


@pytest.fixture
def run(store: RunStore, tiny: Callable[..., Experiment]) -> Run:
    return queue_run(store, prepare(tiny(epochs=1_000_000))[0], device="cpu")


@pytest.fixture
def endless_import(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment in which importing torch never ends."""
    module = tmp_path / "endless" / "torch" / "__init__.py"
    module.parent.mkdir(parents=True)
    module.write_text("import time\nwhile True:\n    time.sleep(0.01)\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), str(module.parents[1])])}


def busy_lane(store: RunStore, states: dict[str, str]) -> subprocess.Popen[str]:
    """A lane that has these runs in hand, in these states, and does not look up."""
    lane = subprocess.Popen(
        [sys.executable, "-c", BUSY_LANE.format(states=states), *lane_options(store), "--room", str(len(states))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert lane.stdin is not None
    for run_id in states:
        lane.stdin.write(json.dumps({"run": run_id, "state": "queued"}) + "\n")
    lane.stdin.flush()
    logs = [store.root / run_id / layout.LOG for run_id in states]
    wait_for(lambda: all(log.exists() and "in hand" in log.read_text() for log in logs))
    assert {run_id: store.get(run_id).state for run_id in states} == states
    return lane


def lane_options(store: RunStore) -> list[str]:
    return ["--runs", str(store.root), "--device", "cpu", "--lanes", "1"]


@pytest.mark.slow
def test_a_run_that_only_starts_is_free_as_soon_as_its_worker_was_killed(
    store: RunStore, run: Run, endless_import: dict[str, str]
) -> None:
    worker = start("worker", "--device", "cpu", "--runs", str(store.root), env=endless_import)
    wait_for(lambda: run.reload().phases())
    lane = lane_of(run)
    worker.kill()
    worker.communicate()
    wait_for(lambda: not is_running(lane))
    wait_for(lambda: run.reload().state == "interrupted")  # its last thread lets go of the lock


@pytest.mark.slow
@pytest.mark.parametrize("end", ["input", "abandon", "term"])
def test_a_run_that_is_evaluated_does_not_keep_its_lane_from_leaving(store: RunStore, run: Run, end: str) -> None:
    lane = busy_lane(store, {run.id: "evaluating"})
    assert lane.stdin is not None
    if end == "abandon":
        lane.stdin.write('{"leave": "ABANDON"}\n')
        lane.stdin.flush()
    elif end == "term":
        os.kill(lane.pid, signal.SIGTERM)
    assert lane.stdout is not None
    if end == "input":
        lane.stdin.close()
    wait_for(lambda: lane.poll() is not None)
    assert lane.returncode == 0
    assert [json.loads(line) for line in lane.stdout] == [{"ended": run.id, "state": "evaluating"}]
    lane.stdout.close()
    lane.stdin.close()
    assert run.reload().state == "interrupted"


@pytest.mark.slow
def test_a_run_in_training_is_not_cut_off_before_its_checkpoint(store: RunStore, run: Run) -> None:
    lane = busy_lane(store, {run.id: "training"})
    assert lane.stdin is not None
    lane.stdin.close()
    assert lane.wait() == 0
    assert lane.stdout is not None
    lane.stdout.close()
    found = run.reload()
    assert (found.state, found.note) == ("interrupted", "checkpoint saved")


@pytest.mark.slow
@pytest.mark.parametrize("end", ["input", "term"])
def test_a_process_that_two_runs_share_waits_for_the_one_in_training(
    store: RunStore, run: Run, tiny: Callable[..., Experiment], end: str
) -> None:
    evaluated = queue_run(store, prepare(tiny())[0], device="cpu")
    lane = busy_lane(store, {run.id: "training", evaluated.id: "evaluating"})
    assert lane.stdin is not None
    if end == "term":
        os.kill(lane.pid, signal.SIGTERM)
    else:
        lane.stdin.close()
    assert lane.wait() == 0
    assert lane.stdout is not None
    ended = [json.loads(line) for line in lane.stdout]
    assert ended == [{"ended": run.id, "state": "training"}, {"ended": evaluated.id, "state": "evaluating"}]
    lane.stdout.close()
    lane.stdin.close()
    assert [store.get(one.id).state for one in (run, evaluated)] == ["interrupted"] * 2
    assert run.reload().note == "checkpoint saved"


@pytest.mark.slow
def test_a_killed_worker_leaves_its_run_to_one_owner_at_a_time(store: RunStore, run: Run) -> None:
    """Until the old lane is gone the run is its own; the new one goes on from the checkpoint that it left."""
    from engine.training.checkpoint import load_checkpoint

    old = start("worker", "--device", "cpu", "--runs", str(store.root))
    wait_for(lambda: len(run.history().records) > 2)
    lane = lane_of(run)
    old.kill()
    old.communicate()
    wait_for(lambda: run.reload().state == "interrupted")
    checkpoint = load_checkpoint(run.path)
    assert checkpoint is not None
    assert checkpoint.epoch == len(run.history().records)
    wait_for(lambda: not is_running(lane))
    assert not WorkerPlace(store, "cpu").is_manned
