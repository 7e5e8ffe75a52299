"""Lanes that die, hang, or are told to end: what becomes of the runs they had in hand."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import ExitCode
from engine.execution.control import Leave
from engine.experiment import Experiment
from engine.machine import count_memory_kills, memory_limit
from engine.preparation import prepare, queue_run
from engine.store import Run, RunStore, layout
from engine.worker import burial, patience, pool
from engine.worker.backlog import requeue, unqueue
from engine.worker.lane_process import LaneProcess
from engine.worker.pool import LaneEnded, LanePool
from tests.faults.processes import COMMAND, TINY, is_running, lane_of, wait_for

Tiny = Callable[..., Experiment]


@pytest.fixture
def lanes(store: RunStore) -> Iterator[LanePool]:
    lanes = LanePool(store, "cpu", 1)
    yield lanes
    lanes.kill_all("the test is over")
    lanes.close()


@pytest.fixture
def long(store: RunStore, tiny: Tiny) -> Run:
    return queue_run(store, prepare(tiny(epochs=1_000_000))[0], device="cpu")


@pytest.fixture
def short(store: RunStore, tiny: Tiny) -> Run:
    return queue_run(store, prepare(tiny(epochs=2))[0], device="cpu")


def next_end(lanes: LanePool) -> LaneEnded:
    ended: list[LaneEnded] = wait_for(lambda: lanes.poll(0.05))
    return ended[0]


def wait_until_it_trains(lanes: LanePool, run: Run) -> None:
    def trains() -> bool:
        assert lanes.poll(0.01) == []
        return len(run.history().records) > 0

    wait_for(trains)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "state"),
    [(signal.SIGKILL, "interrupted"), (signal.SIGTERM, "interrupted"), (signal.SIGSEGV, "failed")],
)
def test_what_kills_a_lane_is_on_the_run_and_the_next_run_gets_a_new_one(
    lanes: LanePool, long: Run, short: Run, number: signal.Signals, state: str
) -> None:
    lanes.add(long)
    wait_until_it_trains(lanes, long)
    os.kill(lane_of(long), number)
    ended = next_end(lanes)
    assert (ended.run_id, ended.exit_code, long.reload().state) == (long.id, ExitCode.FAILED, state)
    if number != signal.SIGTERM:  # at which a lane ends in good order, with a checkpoint
        assert long.reload().document["failure"]["reason"].startswith(f"killed by {number.name}")
    lanes.add(short)
    assert next_end(lanes).state == "finished"


@pytest.mark.slow
def test_a_shutdown_leaves_a_checkpoint_of_that_moment(lanes: LanePool, long: Run) -> None:
    from engine.training.checkpoint import load_checkpoint

    lanes.add(long)
    wait_until_it_trains(lanes, long)
    os.kill(lane_of(long), signal.SIGTERM)
    next_end(lanes)
    checkpoint = load_checkpoint(long.path)
    assert checkpoint is not None
    assert checkpoint.epoch == len(long.history().records)


@pytest.mark.slow
def test_a_lane_that_hangs_is_killed_when_a_stop_is_not_granted(
    lanes: LanePool, long: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(LaneProcess, "wake", lambda lane: None)  # so that a stopped process is one that hangs
    lanes.add(long)
    wait_until_it_trains(lanes, long)
    os.kill(lane_of(long), signal.SIGSTOP)
    long.request("pause")  # which alone kills nothing
    for _ in range(8):
        assert lanes.poll(0.1) == []
    long.request("stop")
    assert next_end(lanes).error == "it did not grant a stop, and was killed"
    assert long.reload().state == "interrupted"


@pytest.mark.slow
@pytest.mark.parametrize("end", ["stop", "leave"])
def test_a_lane_that_somebody_stopped_is_woken_for_the_end(
    lanes: LanePool, long: Run, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(patience, "WAKE_SECONDS", 0.1)
    lanes.add(long)
    wait_until_it_trains(lanes, long)
    os.kill(lane_of(long), signal.SIGSTOP)
    if end == "stop":
        long.request("stop")
    else:
        lanes.leave(Leave.NOW)
    assert next_end(lanes).state == "stopped"
    assert long.reload().summary is not None


@pytest.mark.slow
def test_a_lane_that_is_evaluated_has_more_time_to_grant_a_stop(
    store: RunStore, long: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "ANSWER_SECONDS", 0.0)
    watch = patience.StopWatch(store)
    with long.own() as owner:
        owner.update(state="evaluating")
        long.request("stop")
        assert watch.overdue([long.id]) == watch.overdue([long.id]) == []
        owner.update(state="training")
        assert watch.overdue([long.id]) == [long.id]


@pytest.mark.slow
def test_a_lane_that_hangs_does_not_keep_anybody_from_leaving(
    lanes: LanePool, long: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LEAVE_SECONDS", 0.3)
    monkeypatch.setattr(LaneProcess, "wake", lambda lane: None)
    lanes.add(long)
    wait_until_it_trains(lanes, long)
    pid = lane_of(long)
    os.kill(pid, signal.SIGSTOP)
    lanes.leave(Leave.ABANDON)
    assert next_end(lanes).error == "it did not leave when it was told to, and was killed"
    assert not is_running(pid)
    assert long.reload().state == "interrupted"


@pytest.mark.slow
def test_a_wish_to_leave_while_a_lane_is_being_replaced_is_heard_by_the_others(
    lanes: LanePool, store: RunStore, tiny: Tiny
) -> None:
    run = queue_run(store, prepare(tiny(lr=1e9, weight_decay=1.0, epochs=99))[0], device="cpu")
    lanes.add(run)
    assert next_end(lanes).state == "failed"
    lanes.leave(Leave.NOW)  # the lane of the failed run was let go, and is not gone yet
    lanes.close()


@pytest.mark.slow
def test_a_run_that_left_the_queue_before_its_lane_took_it_is_not_trained(lanes: LanePool, short: Run) -> None:
    lanes.add(short)
    unqueue(short)
    ended = next_end(lanes)
    assert ended.error == f"{short.id} is stopped now"
    assert short.reload().state == "stopped"
    lanes.add(requeue(short.reload()))
    assert next_end(lanes).state == "finished"


@pytest.mark.slow
def test_a_warm_lane_that_died_unseen_costs_the_next_run_nothing(
    lanes: LanePool, store: RunStore, short: Run, tiny: Tiny
) -> None:
    lanes.add(short)
    assert next_end(lanes).state == "finished"
    pid = lane_of(short)
    os.kill(pid, signal.SIGSEGV)
    wait_for(lambda: not is_running(pid))
    second = queue_run(store, prepare(tiny(epochs=2))[0], device="cpu")
    lanes.add(second)
    assert next_end(lanes).state == "finished"
    assert second.reload().state == "finished"


@pytest.mark.slow
def test_what_lies_where_the_user_stands_is_not_imported(tmp_path: Path, store: RunStore) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit('imported what is none of its business')")
    source = str(Path(__file__).parents[2])
    done = subprocess.run(
        [COMMAND[0], "-P", *COMMAND[1:], "train", *TINY, "--epochs", "1", "--runs", str(store.root)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def make_cgroup(root: Path, place: str, **files: str) -> None:
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    (root / "proc/self/cgroup").write_text(f"0::{place}\n")
    folder = root / "sys/fs/cgroup" / place.strip("/")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)


def test_the_control_group_tells_of_kills_for_memory_and_of_the_limit(tmp_path: Path) -> None:
    assert count_memory_kills(tmp_path) is memory_limit(tmp_path) is None
    make_cgroup(tmp_path, "/user/job", memory_events="low 0\noom 4\noom_kill 3\n", memory_max="max\n")
    (tmp_path / "sys/fs/cgroup/user/memory.max").write_text(f"{2 << 30}\n")
    assert count_memory_kills(tmp_path) == 3
    assert memory_limit(tmp_path) == 2 << 30


def test_an_older_control_group_tells_too(tmp_path: Path) -> None:
    make_cgroup(tmp_path, "/")
    (tmp_path / "proc/self/cgroup").write_text("5:cpu:/\n4:memory:/job\n0::/\n")
    folder = tmp_path / "sys/fs/cgroup/memory/job"
    folder.mkdir(parents=True)
    (folder / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n")
    (folder / "memory.limit_in_bytes").write_text(f"{1 << 30}\n")
    assert count_memory_kills(tmp_path) == 7
    assert memory_limit(tmp_path) == 1 << 30


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kills", "kind", "words"),
    [
        (5, "died", "killed by SIGKILL, maybe out of memory"),
        (6, "out of memory", "SIGKILL, out of memory: the limit of"),
    ],
)
def test_a_kill_for_memory_is_told_from_any_other(
    lanes: LanePool, long: Run, monkeypatch: pytest.MonkeyPatch, kills: int, kind: str, words: str
) -> None:
    monkeypatch.setattr("engine.worker.lane_process.count_memory_kills", lambda: 5)
    monkeypatch.setattr(burial, "count_memory_kills", lambda: kills)
    monkeypatch.setattr(burial, "memory_limit", lambda: 2 << 30)
    lanes.add(long)
    wait_for(lambda: (long.path / layout.LOCK).exists() and lane_of(long))
    os.kill(lane_of(long), signal.SIGKILL)
    assert words in str(next_end(lanes).error)
    failure = long.reload().document["failure"]
    assert failure["kind"] == kind
    assert words in failure["reason"]


def test_a_real_time_signal_has_a_name_too() -> None:
    assert burial.signal_name(40) == "signal 40"
    assert burial.signal_name(11) == "SIGSEGV"
