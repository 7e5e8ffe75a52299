"""Runs that lanes train at once in one process, as on a GPU: what becomes of one does not become of the others."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.execution.control import Leave
from engine.experiment import Experiment
from engine.preparation import prepare, queue_run
from engine.store import Run, RunStore, layout
from engine.training.checkpoint import load_checkpoint
from engine.worker import patience
from engine.worker.lane_process import LaneProcess
from engine.worker.pool import LaneEnded, LanePool
from tests.faults.processes import assert_same_alone, is_running, lane_of, wait_for

pytestmark = pytest.mark.slow
Tiny = Callable[..., Experiment]
# In a lane's process: a run of this name fails as nobody foresaw, when it first looks up.
FAILING = """
from engine.execution.control import Control
take = Control.take_requests
def fail(control, owner):
    if owner.run.name == "failing" and owner.run.document["state"] == "training":
        raise {error}({words!r})
    take(control, owner)
Control.take_requests = fail
"""


@pytest.fixture
def lanes(store: RunStore) -> Iterator[LanePool]:
    lanes = LanePool(store, "cpu", 2, room=2)
    yield lanes
    lanes.kill_all("the test is over")
    lanes.close()


@pytest.fixture
def queued(store: RunStore, tiny: Tiny) -> Callable[..., Run]:
    """Puts a run into the queue: without end, if nothing else is said."""

    def make(name: str | None = None, **changes: Any) -> Run:
        return queue_run(store, prepare(tiny(**{"epochs": 1_000_000, **changes}))[0], device="cpu", name=name)

    return make


def add_until_they_train(lanes: LanePool, *runs: Run) -> None:
    for run in runs:
        lanes.add(run)

    def train() -> bool:
        assert lanes.poll(0.01) == []
        return all(run.history().records for run in runs)

    wait_for(train)
    assert len({lane_of(run) for run in runs}) == 1


def next_ends(lanes: LanePool, count: int = 1) -> list[LaneEnded]:
    ended: list[LaneEnded] = []
    wait_for(lambda: ended.extend(lanes.poll(0.05)) or len(ended) >= count)
    return sorted(ended, key=lambda one: one.run_id)


def goes_on(lanes: LanePool, run: Run) -> bool:
    """Waits for another epoch."""
    done = len(run.history().records)
    wait_for(lambda: lanes.poll(0.01) or len(run.history().records) > done)
    return run.reload().state == "training"


def fail_with(words: str, folder: Path, monkeypatch: pytest.MonkeyPatch, error: str = "RuntimeError") -> None:
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(FAILING.format(words=words, error=error))
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_runs_at_once_have_the_same_bits_as_one_after_another(
    lanes: LanePool, store: RunStore, queued: Callable[..., Run], tmp_path: Path
) -> None:
    settings: list[dict[str, Any]] = [{"pooling": "max", "epochs": 300}, {"name": "lab-bn", "dropout": 0.3}]
    runs = [queued(**{"epochs": 300, **changes}) for changes in settings]
    add_until_they_train(lanes, *runs)
    assert [one.state for one in next_ends(lanes, 2)] == ["finished"] * 2
    alone = RunStore(tmp_path / "alone")
    for run in runs:
        assert_same_alone(run.reload(), alone, "cpu")


def test_a_run_that_diverges_leaves_its_sibling_alone_and_its_process_takes_no_more(
    lanes: LanePool, queued: Callable[..., Run]
) -> None:
    long = queued()
    add_until_they_train(lanes, long)
    shared = lane_of(long)
    diverging = queued(lr=1e9, weight_decay=1.0)
    lanes.add(diverging)
    assert next_ends(lanes)[0].state == "failed"
    assert lane_of(diverging) == shared
    assert goes_on(lanes, long)
    shorts = [queued(epochs=2), queued(epochs=2)]
    for short in shorts:
        lanes.add(short)
    assert lanes.under_way == [long.id, shorts[0].id]  # no more than two at once, in whatever processes
    assert [one.state for one in next_ends(lanes, 2)] == ["finished"] * 2
    assert lane_of(shorts[0]) == lane_of(shorts[1]) != shared
    long.request("stop")
    assert next_ends(lanes)[0].state == "stopped"
    wait_for(lambda: not is_running(shared))


def test_a_failure_that_nobody_foresaw_is_that_of_one_run(
    lanes: LanePool, queued: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with("wires crossed", tmp_path / "site", monkeypatch)
    long, failing = queued(), queued("failing")
    add_until_they_train(lanes, long)
    lanes.add(failing)
    ended = next_ends(lanes)[0]
    assert (ended.run_id, ended.state, ended.error) == (failing.id, "failed", "RuntimeError: wires crossed")
    assert failing.reload().document["failure"] == {"kind": "error", "reason": "RuntimeError: wires crossed"}
    assert "Traceback" in (failing.path / layout.LOG).read_text()
    assert goes_on(lanes, long)


def test_a_run_that_breaks_the_gpu_is_named_on_the_others_which_can_go_on(
    lanes: LanePool, queued: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "CUDA error: an illegal memory access was encountered"
    fail_with(f"{words}\nmaybe reported late", tmp_path / "site", monkeypatch)
    long, failing = queued(), queued("failing")
    add_until_they_train(lanes, long)
    lanes.add(failing)
    ended = next_ends(lanes, 2)
    assert [one.run_id for one in ended] == [long.id, failing.id]
    assert failing.reload().state == "failed"
    found = long.reload()
    assert found.state == "interrupted"
    reason = f"its process ended: failing ({failing.id}) broke the GPU for it: RuntimeError: {words}"
    assert found.document["failure"] == {"kind": "died", "reason": reason}
    assert ended[0].error == reason
    assert load_checkpoint(long.path) is not None
    lanes.add(queued(epochs=2))
    assert next_ends(lanes)[0].state == "finished"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV], ids=lambda number: number.name)
def test_whatever_kills_the_process_interrupts_all_its_runs(
    lanes: LanePool, queued: Callable[..., Run], number: signal.Signals
) -> None:
    runs = [queued(), queued()]
    add_until_they_train(lanes, *runs)
    os.kill(lane_of(runs[0]), number)
    assert len(next_ends(lanes, 2)) == 2
    for run in runs:
        found = run.reload()
        assert found.state == "interrupted"
        if number == signal.SIGTERM:
            checkpoint = load_checkpoint(run.path)
            assert checkpoint is not None
            assert checkpoint.epoch == len(run.history().records)
        elif number == signal.SIGSEGV:
            words = "killed by SIGSEGV, with 1 other run in its process: which of them did it is not known"
            assert found.document["failure"]["reason"] == words
        else:
            assert found.document["failure"]["reason"].startswith("killed by SIGKILL")


def test_a_process_that_a_run_ends_itself_interrupts_them_all_for_nobody_knows_which_it_was(
    lanes: LanePool, queued: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with("enough", tmp_path / "site", monkeypatch, error="SystemExit")
    long, failing = queued(), queued("failing")
    add_until_they_train(lanes, long)
    lanes.add(failing)
    words = "SystemExit: enough, with 1 other run in its process: which of them did it is not known"
    assert [one.error for one in next_ends(lanes, 2)] == [words] * 2
    assert [run.reload().state for run in (long, failing)] == ["interrupted"] * 2


def test_a_process_that_cannot_start_fails_the_runs_that_it_was_given(
    lanes: LanePool, queued: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.stderr.write('no room\\n')\nimport os\nos._exit(3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    first = queued()
    lanes.add(first)
    assert next_ends(lanes)[0].error == "no room"
    assert first.reload().state == "failed"


def test_a_run_that_is_over_stays_so_though_its_process_dies_before_it_can_say_so(
    lanes: LanePool, queued: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nfrom engine.worker.lane_thread import LaneThread\n"
        "LaneThread._give_back = lambda thread, run_id: os._exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    long, short = queued(), queued(epochs=2)
    add_until_they_train(lanes, long)
    lanes.add(short)
    left, over = next_ends(lanes, 2)
    assert (over.run_id, over.state, over.error) == (short.id, "finished", None)
    assert short.reload().document["failure"] is None
    assert left.run_id == long.id


def test_a_run_that_its_process_had_not_begun_when_it_was_killed_gets_another(
    lanes: LanePool, queued: Callable[..., Run]
) -> None:
    long = queued()
    add_until_they_train(lanes, long)
    process = lane_of(long)
    os.kill(process, signal.SIGSTOP)
    short = queued(epochs=2)
    lanes.add(short)
    os.kill(process, signal.SIGKILL)
    first, second = next_ends(lanes, 2)
    assert (first.run_id, long.reload().state) == (long.id, "interrupted")
    assert (second.run_id, second.state) == (short.id, "finished")


def test_a_stop_is_for_one_run(lanes: LanePool, queued: Callable[..., Run]) -> None:
    runs = [queued(), queued()]
    add_until_they_train(lanes, *runs)
    runs[0].request("stop")
    ended = next_ends(lanes)[0]
    assert (ended.run_id, ended.state) == (runs[0].id, "stopped")
    assert goes_on(lanes, runs[1])
    lanes.add(queued(epochs=2))
    assert next_ends(lanes)[0].state == "finished"
    assert len({lane_of(run) for run in runs}) == 1


def test_a_process_that_is_killed_for_one_run_says_so_on_the_other(
    lanes: LanePool, queued: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [queued("deaf"), queued("bystander")]
    add_until_they_train(lanes, *runs)
    monkeypatch.setattr(patience, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(LaneProcess, "wake", lambda lane: None)
    os.kill(lane_of(runs[0]), signal.SIGSTOP)
    runs[0].request("stop")
    deaf, bystander = next_ends(lanes, 2)
    assert deaf.error == "it did not grant a stop, and was killed"
    assert bystander.error == f"its process was killed: deaf ({runs[0].id}) did not grant a stop"
    assert runs[1].reload().document["failure"]["reason"] == bystander.error
    assert [run.reload().state for run in runs] == ["interrupted"] * 2


@pytest.mark.parametrize("how", [Leave.NOW, Leave.ABANDON])
def test_a_wish_to_leave_reaches_all_runs(lanes: LanePool, queued: Callable[..., Run], how: Leave) -> None:
    runs = [queued(), queued()]
    add_until_they_train(lanes, *runs)
    lanes.leave(how)
    ended = next_ends(lanes, 2)
    assert [one.error for one in ended] == [None, None]
    state = "stopped" if how is Leave.NOW else "interrupted"
    for run in runs:
        assert run.reload().state == state
        checkpoint = load_checkpoint(run.path)
        assert checkpoint is not None
        assert checkpoint.epoch == len(run.history().records)
