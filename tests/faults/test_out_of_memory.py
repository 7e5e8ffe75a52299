"""A batch that does not fit into memory: the run says so, and which size to try; nothing is retried."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from engine import train
from engine.experiment import Experiment
from engine.store import RunStore
from engine.training.trainer import Trainer


def too_much_for_the_cpu() -> None:
    torch.empty(1 << 46, dtype=torch.uint8)


def too_much_for_the_gpu() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def too_much_for_python() -> None:
    raise MemoryError


@pytest.mark.parametrize(
    ("step", "what"),
    [
        (too_much_for_the_cpu, "out of memory at batch size 64; try 32"),
        (too_much_for_python, "out of memory at batch size 64; try 32"),
        (too_much_for_the_gpu, "out of GPU memory at batch size 64; try 32"),
    ],
)
def test_a_run_that_runs_out_of_memory_fails_with_a_size_to_try_and_keeps_its_checkpoint(
    store: RunStore,
    tiny: Callable[..., Experiment],
    monkeypatch: pytest.MonkeyPatch,
    step: Callable[[], None],
    what: str,
) -> None:
    monkeypatch.setattr(Trainer, "_run_steps", lambda trainer, count: step())
    events = list(train(tiny(), store=store, device="cpu"))
    run = store.runs()[0]
    assert run.state == "failed"
    assert run.document["failure"] == {"kind": "out of memory", "reason": what}
    assert type(events[-1]).__name__ == "Ended"
    assert (run.path / "last.safetensors").exists()
