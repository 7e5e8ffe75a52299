"""Training that outlives whoever started it: workers, their queue, and what is true after each of them was killed."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import RefusedError, RequestError
from engine.store import Run, RunStore
from engine.store.lock import take_lock
from engine.worker.backlog import queued_runs, requeue, unqueue
from engine.worker.place import WorkerPlace
from tests.faults.processes import COMMAND, TINY, cnnlab, is_running, lane_of, start, wait_for, worker_of

LONG = ("--epochs", "1000000")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    store = RunStore(tmp_path / "runs")
    yield store
    place = WorkerPlace(store, "cpu")
    while holder := place.holder():
        os.kill(int(holder["pid"]), signal.SIGKILL)
        wait_for(lambda: not place.is_manned)
    for run in store.runs():
        wait_for(lambda run=run: not run.reload().is_alive)


def detach(store: RunStore, *arguments: str) -> Run:
    done = cnnlab(store, "train", *TINY, *arguments, "--detach", "--json")
    assert done.returncode == 0, done.stderr
    return store.get(json.loads(done.stdout)["id"])


def epochs(run: Run) -> int:
    return len(run.history().records)


def state(run: Run) -> str:
    return run.reload().state


@pytest.mark.slow
def test_a_detached_run_is_trained_by_a_worker_that_is_one_and_warm_for_the_next(store: RunStore) -> None:
    first = detach(store, "--epochs", "3")
    worker = worker_of(store)
    wait_for(lambda: state(first) == "finished")
    lane = lane_of(first)
    second = detach(store, "--epochs", "3", "--name", "second")
    wait_for(lambda: state(second) == "finished")
    assert worker_of(store) == worker
    assert lane_of(second) == lane
    assert second.reload().summary is not None
    assert (first.path / "worker.log").read_text() == ""


@pytest.mark.slow
def test_a_terminal_that_goes_away_takes_nothing_with_it(store: RunStore) -> None:
    child, master = pty.fork()
    if not child:
        os.execv(COMMAND[0], [*COMMAND, "train", *TINY, *LONG, "--detach", "--runs", str(store.root)])
    run = wait_for(lambda: store.runs() and store.runs()[0])
    wait_for(lambda: WorkerPlace(store, "cpu").is_manned)
    wait_for(lambda: epochs(run) > 0)
    os.close(master)
    os.waitpid(child, 0)
    before = epochs(run)
    wait_for(lambda: epochs(run) > before)
    assert state(run) == "training"
    assert cnnlab(store, "stop", run.id).returncode == 0
    assert state(run) == "stopped"


@pytest.mark.slow
@pytest.mark.parametrize("who", ["worker", "lane"])
def test_after_a_kill_the_state_is_true_and_resume_all_goes_on(store: RunStore, who: str) -> None:
    run = detach(store, *LONG)
    wait_for(lambda: epochs(run) > 0)
    victim = worker_of(store) if who == "worker" else lane_of(run)
    lane = lane_of(run)
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: state(run) == "interrupted", seconds=2.0)
    wait_for(lambda: not is_running(lane))
    before = epochs(run)
    done = cnnlab(store, "resume", "--all")
    assert run.id in done.stdout
    wait_for(lambda: epochs(run) > before)
    assert cnnlab(store, "stop", run.id).returncode == 0


@pytest.mark.slow
def test_the_oldest_starts_first_and_a_queued_one_can_leave(store: RunStore) -> None:
    assert cnnlab(store, "worker", "--device", "cpu").returncode == 2  # no folder yet
    runs = [detach(store, *LONG, "--name", f"run {number}") for number in range(1)]
    wait_for(lambda: state(runs[0]) == "training")
    stop_worker(store)
    wait_for(lambda: state(runs[0]) == "interrupted")
    requeue(runs[0].reload())
    worker = start("worker", "--device", "cpu", "--lanes", "1", "--idle", "0", "--runs", str(store.root))
    wait_for(lambda: state(runs[0]) == "training")
    runs += [detach(store, *LONG, "--name", f"run {number}") for number in (1, 2, 3)]
    document = json.loads(cnnlab(store, "queue", "--json").stdout)
    assert document["devices"] == [{"device": "cpu", "worker": worker.pid, "lanes": 1, "memory": None}]
    assert [entry["name"] for entry in document["runs"]] == ["run 0", "run 1", "run 2", "run 3"]
    assert [entry["state"] for entry in document["runs"]] == ["training", "queued", "queued", "queued"]
    assert cnnlab(store, "stop", runs[1].id).returncode == 0
    assert state(runs[1]) == "stopped"
    assert cnnlab(store, "stop", runs[0].id).returncode == 0
    wait_for(lambda: state(runs[2]) == "training")
    assert state(runs[3]) == "queued"
    worker.send_signal(signal.SIGTERM)
    worker.communicate()
    assert worker.returncode == 0
    assert state(runs[2]) == "interrupted"
    assert state(runs[3]) == "queued"


def stop_worker(store: RunStore) -> None:
    os.kill(worker_of(store), signal.SIGTERM)
    wait_for(lambda: not WorkerPlace(store, "cpu").is_manned)


@pytest.mark.slow
def test_pausing_and_resuming_are_requests_and_follow_watches(store: RunStore) -> None:
    run = detach(store, *LONG)
    wait_for(lambda: state(run) == "training")
    assert cnnlab(store, "pause", run.id).returncode == 0
    assert state(run) == "paused"
    before = epochs(run)
    followed = start("follow", run.id, "--runs", str(store.root))
    assert followed.stderr is not None
    wait_for(lambda: "paused; cnnlab resume" in str(followed.stderr and followed.stderr.readline()))
    followed.send_signal(signal.SIGINT)
    said = followed.communicate()[1]
    assert "goes on; watch it again" in said
    assert followed.returncode == 0
    assert state(run) == "paused"
    assert cnnlab(store, "resume", run.id).returncode == 0
    wait_for(lambda: epochs(run) > before)
    edited = cnnlab(store, "edit", run.id, "--name", "renamed", "--json")
    assert edited.returncode == 0
    wait_for(lambda: run.reload().name == "renamed")
    assert cnnlab(store, "stop", run.id).returncode == 0
    done = cnnlab(store, "follow", run.id)
    assert done.returncode == 0
    assert "stopped" in done.stdout


@pytest.mark.slow
def test_a_worker_leaves_when_idle_and_when_its_folder_is_gone(store: RunStore, tmp_path: Path) -> None:
    run = detach(store, "--epochs", "1")
    wait_for(lambda: state(run) == "finished")
    stop_worker(store)
    idle = start("worker", "--device", "cpu", "--idle", "0.5", "--runs", str(store.root))
    said = idle.communicate(timeout=60)[1]
    assert idle.returncode == 0
    assert "nothing to do: leaving" in said
    gone = start("worker", "--device", "cpu", "--idle", "0", "--runs", str(store.root))
    wait_for(lambda: WorkerPlace(store, "cpu").is_manned)
    store.root.rename(tmp_path / "elsewhere")
    assert gone.wait(timeout=60) == 0
    gone.communicate()


@pytest.mark.slow
def test_whatever_the_umask_nobody_else_reads_or_writes_a_run(store: RunStore) -> None:
    words = [*COMMAND, "train", *TINY, *LONG, "--detach", "--runs", str(store.root)]
    subprocess.run(words, umask=0, check=True, capture_output=True)
    run = store.runs()[0]
    wait_for(lambda: epochs(run) > 0)
    assert subprocess.run([*COMMAND, "pause", run.id, "--runs", str(store.root)], umask=0, check=False).returncode == 0
    assert cnnlab(store, "stop", run.id).returncode == 0
    loose = [path for path in [store.root, *store.root.rglob("*")] if path.lstat().st_mode & 0o077]
    assert loose == []
    assert len(list(run.path.iterdir())) > 8


@pytest.mark.slow
def test_a_second_worker_is_refused_by_the_pid_of_the_first(store: RunStore) -> None:
    run = detach(store, "--epochs", "1")
    second = cnnlab(store, "worker", "--device", "cpu")
    assert second.returncode == 4
    words = f"cnnlab: cpu has a worker here: process {worker_of(store)}; see `cnnlab queue`\n"
    assert second.stderr == words
    wait_for(lambda: state(run) == "finished")


@pytest.mark.slow
def test_a_lane_that_cannot_import_torch_fails_the_run_with_the_reason(store: RunStore, tmp_path: Path) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise ImportError('libcuda.so.1: cannot open shared object file')")
    words = [*COMMAND, "train", *TINY, "--epochs", "3", "--detach", "--runs", str(store.root)]
    began = time.monotonic()
    subprocess.run(words, env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=True, capture_output=True)
    run = store.runs()[0]
    wait_for(lambda: state(run) == "failed")
    assert time.monotonic() - began < 10
    assert "libcuda.so.1" in run.reload().document["failure"]["reason"]
    assert "ImportError" in (run.path / "worker.log").read_text()


@pytest.mark.slow
def test_a_worker_that_cannot_start_is_told_on_the_run(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.worker import start as starting

    made = store.create(
        {"dataset": {}, "model": {}, "training": {}}, fingerprint="f", name="x", request={"device": "cpu"}
    )
    monkeypatch.setattr(starting, "_program", lambda: [COMMAND[0], "-c", "raise SystemExit('no module named engine')"])
    (problem,) = starting.put_to_work(store, [made])
    assert "exit code 1: no module named engine" in problem
    assert "no module named engine" in made.reload().document["waiting"]
    assert state(made) == "queued"


def test_a_device_that_is_none_is_refused(store: RunStore) -> None:
    with pytest.raises(RequestError, match="is not one of cpu"):
        WorkerPlace(store, "../x")


def test_the_queue_is_by_wish_and_leaves_foreground_runs_alone(store: RunStore) -> None:
    experiment: dict[str, dict[str, object]] = {"dataset": {}, "model": {}, "training": {}}
    made = [
        store.create(experiment, fingerprint="f", name=name, request={"device": device, "queued_at": at, **more})
        for name, device, at, more in (
            ("b", "cpu", "2099-01-01T00:00:02Z", {}),
            ("a", "cpu", "2099-01-01T00:00:01Z", {}),
            ("g", "cuda", "2099-01-01T00:00:03Z", {}),
            ("f", "cpu", "2099-01-01T00:00:00Z", {"foreground": True}),
        )
    ]
    assert [run.name for run in queued_runs(store.runs())] == ["a", "b", "g"]
    assert [run.name for run in queued_runs(store.runs(), "cpu")] == ["a", "b"]
    assert [run.name for run in queued_runs(store.runs(), "cuda:0")] == ["g"]
    assert unqueue(made[0]).state == "stopped"
    with made[1].own() as owner:
        owner.update(state="starting")
    with pytest.raises(RefusedError, match="just begun"):
        unqueue(made[1])
    assert requeue(made[3]).name == "f"
    assert [run.name for run in queued_runs(store.runs(), "cpu")] == ["f"]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_of_two_who_race_for_a_run_one_gets_it_a_hundred_times(store: RunStore, tmp_path: Path) -> None:
    experiment: dict[str, dict[str, object]] = {"dataset": {}, "model": {}, "training": {}}
    runs = [store.create(experiment, fingerprint="f", name=str(number)) for number in range(100)]
    locks = [tmp_path / f"{number}.lock" for number in range(100)]
    start_line, children = time.monotonic() + 0.2, []
    for contender in ("a", "b"):
        child = os.fork()
        if not child:
            won = race(runs, locks, start_line)
            (tmp_path / contender).write_text(json.dumps(won))
            wait_for(
                lambda: all((tmp_path / name).exists() for name in "ab")
            )  # nothing is let go before both have tried
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    a, b = (set(json.loads((tmp_path / name).read_text())) for name in "ab")
    assert not a & b
    assert len(a | b) == 200


def race(runs: list[Run], locks: list[Path], start_line: float) -> list[str]:
    while time.monotonic() < start_line:
        pass
    won, kept = [], []
    for run, lock in zip(runs, locks, strict=True):
        for name, take in (
            (run.id, lambda run=run: run.own(0.0)),
            (lock.name, lambda lock=lock: take_lock(lock, wait_seconds=0.0)),
        ):
            try:
                kept.append(take())
                won.append(name)
            except RefusedError:
                continue
    race.kept = kept  # type: ignore[attr-defined]
    return won


def test_stop_never_signals_a_stranger_whose_pid_stands_in_the_lock(store: RunStore) -> None:
    run = store.create({"dataset": {}, "model": {}, "training": {}}, fingerprint="f", name="x")
    with run.own() as owner:
        owner.update(state="training")
    (run.path / "owner.lock").write_text(json.dumps({"pid": os.getpid(), "host": "here", "since": "now"}))
    received: list[int] = []
    before = {
        number: signal.signal(number, lambda got, _: received.append(got)) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        done = cnnlab(store, "stop", run.id)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert done.returncode == 2
    assert "interrupted" in done.stderr
    assert received == []
