"""Runs that share a process and its GPU: one waits for memory that another holds, and one breaks it for all."""

from __future__ import annotations

import gc
import queue
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from engine.errors import LabError
from engine.execution import build, evaluate
from engine.execution import execute as execution
from engine.execution.memory import Demand, NoRoomError, breaks_gpu
from engine.execution.siblings import GpuBrokenError, Siblings
from engine.experiment import Experiment
from engine.preparation import prepare, queue_run
from engine.store import Run, RunStore
from engine.training.trainer import Trainer
from engine.worker import lane_thread
from tests.faults.processes import wait_for

Tiny = Callable[..., Experiment]


@pytest.fixture
def run(store: RunStore, tiny: Tiny) -> Run:
    return queue_run(store, prepare(tiny())[0], device="cpu")


@pytest.fixture
def siblings() -> Siblings:
    return Siblings(2)


@pytest.fixture(autouse=True)
def a_gpu_that_is_full_while_it_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    def check_memory(device: torch.device, demand: Demand, *, is_shared: bool) -> None:
        if is_shared:
            raise NoRoomError("of 9 MiB that it needs, 8 are for images", "fewer classes")

    monkeypatch.setattr(build, "check_memory", check_memory)


def train(run: Run, siblings: Siblings) -> list[str]:
    """The names of what happened."""
    with run.own() as owner:
        return [type(event).__name__ for event in execution.execute(owner, siblings=siblings)]


@pytest.fixture
def waiting(run: Run, siblings: Siblings) -> Iterator[threading.Thread]:
    """Trains a run which waits for memory that the run `other` holds."""
    siblings.hold("other", object())
    thread = threading.Thread(target=train, args=(run, siblings))
    thread.start()
    wait_for(lambda: run.reload().document.get("waiting"))
    yield thread
    run.request("stop")
    thread.join()


def test_a_run_waits_until_a_sibling_gives_memory_back(run: Run, siblings: Siblings, waiting: threading.Thread) -> None:
    found = run.reload()
    assert found.state == "starting"
    assert found.document["waiting"] == (
        "for memory, until a run beside it has ended: of 9 MiB that it needs, 8 are for images"
    )
    wait_for(lambda: run.reload().phases()[-1][0] == "waiting for memory")
    siblings.let_go("other")
    waiting.join()
    found = run.reload()
    assert (found.state, found.document["waiting"]) == ("finished", None)
    assert siblings.beside("other") == {run.id}


def test_a_run_that_waits_for_memory_can_be_stopped(run: Run, siblings: Siblings, waiting: threading.Thread) -> None:
    run.request("stop")
    waiting.join()
    found = run.reload()
    assert (found.state, found.document["waiting"], found.progress()) == ("stopped", None, None)
    assert siblings.beside("other") == frozenset()


def test_a_run_that_does_not_fit_alone_does_not_wait(
    run: Run, siblings: Siblings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_: object, **__: object) -> None:
        raise NoRoomError("of 9 MiB that it needs, 8 are for images", "fewer classes")

    monkeypatch.setattr(build, "check_memory", is_full)
    assert train(run, siblings) == ["Ended"]
    failure = run.reload().document["failure"]
    assert failure["reason"].endswith("8 are for images; wait, take another --device, or try fewer classes")


def test_a_run_that_runs_out_of_memory_beside_others_is_told_of_lanes(
    run: Run, siblings: Siblings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(trainer: Trainer, count: int) -> None:
        siblings.hold("other", object())
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(Trainer, "_run_steps", fail)
    train(run, siblings)
    assert run.reload().document["failure"]["reason"].endswith("; try training.batch_size = 32, or fewer lanes")


def test_a_gpu_that_one_run_broke_fails_that_run_alone(
    run: Run, store: RunStore, tiny: Tiny, siblings: Siblings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(trainer: Trainer, count: int) -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(Trainer, "_run_steps", fail)
    second = queue_run(store, prepare(tiny())[0], device="cpu")
    for one, is_cause in ((run, True), (second, False)):
        siblings.let_go(run.id)
        with pytest.raises(GpuBrokenError) as broken:
            train(one, siblings)
        assert broken.value.is_cause == is_cause
    found = run.reload()
    assert found.state == "failed"
    assert found.document["failure"]["reason"].startswith("AcceleratorError: CUDA error: an illegal")
    assert (second.reload().state, second.reload().document["failure"]) == ("interrupted", None)


@pytest.mark.parametrize(("path", "expected"), [("eager", True), ("cuda graph", False)])
def test_only_steps_that_are_not_captured_are_made_with_the_switches(
    run: Run, siblings: Siblings, monkeypatch: pytest.MonkeyPatch, path: str, expected: bool
) -> None:
    depth, seen = [0], []

    @contextmanager
    def switched(*_: object) -> Iterator[None]:
        depth[0] += 1
        yield
        depth[0] -= 1

    run_steps = Trainer._run_steps

    def note(trainer: Trainer, count: int) -> Any:
        seen.append(depth[0] > 0)
        return run_steps(trainer, count)

    for module in (build, evaluate, execution):
        monkeypatch.setattr(module, "switched", switched)
    monkeypatch.setattr(Trainer, "path", path)
    monkeypatch.setattr(Trainer, "_run_steps", note)
    with run.own() as owner:
        for _ in execution.execute(owner, siblings=siblings):
            assert not depth[0]  # nobody waits for whoever listens
    assert set(seen) == {expected}
    assert run.reload().state == "finished"


@pytest.mark.parametrize("changes", [{}, {"lr": 1e9, "weight_decay": 1.0}, {"pooling": "stride"}], ids=str)
def test_memory_is_given_back_before_anybody_hears_that_a_run_has_ended(
    store: RunStore, tiny: Tiny, siblings: Siblings, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    run = queue_run(store, prepare(tiny(**changes))[0], device="cpu")
    trainers: list[weakref.ref[Trainer]] = []
    make = Trainer.__init__

    def note(trainer: Trainer, *arguments: Any, **options: Any) -> None:
        make(trainer, *arguments, **options)
        trainers.append(weakref.ref(trainer))

    def stumble(trainer: Trainer, count: int) -> None:
        raise RuntimeError("wires crossed")

    monkeypatch.setattr(Trainer, "__init__", note)
    if changes.get("pooling"):
        monkeypatch.setattr(Trainer, "_run_steps", stumble)
    monkeypatch.setattr(lane_thread, "_log_to", lambda path: None)
    heard: list[tuple[str, bool, bool]] = []

    def hear(ended: str, **_: object) -> None:
        gc.collect()  # what is trained step by step refers to itself
        heard.append((ended, siblings.holds(ended), trainers[0]() is None))

    tasks: lane_thread.Tasks = queue.SimpleQueue()
    one = lane_thread.LaneThread(store, "cpu", 1, siblings, tasks, hear)
    tasks.put({"run": run.id})
    tasks.put(None)
    one.thread.start()
    one.thread.join()
    assert heard == [(run.id, False, True)]
    assert run.reload().state == ("failed" if changes else "finished")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.AcceleratorError("CUDA error: unspecified launch failure"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), False),
        (torch.AcceleratorError("CUDA error: out of memory"), False),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), False),
        (RuntimeError("shapes do not fit"), False),
        (LabError("the loss is not finite"), False),
    ],
    ids=str,
)
def test_only_an_error_that_stays_breaks_a_gpu(error: Exception, expected: bool) -> None:
    assert breaks_gpu(error) == expected
