"""Runs that share a process and its GPU: one waits for memory that another holds, and one breaks it for all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import torch

from engine.errors import LabError
from engine.execution import build
from engine.execution.execute import execute
from engine.execution.memory import Demand, NoRoomError, breaks_gpu
from engine.execution.siblings import GpuBrokenError, Siblings
from engine.experiment import Experiment
from engine.preparation import prepare, queue_run
from engine.store import Run, RunStore
from engine.training.trainer import Trainer
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
        return [type(event).__name__ for event in execute(owner, siblings=siblings)]


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
