"""A run that does not fit into memory says so, what needs most of it, and what would help; nothing is retried."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from engine import train
from engine.architecture import build_architecture
from engine.data import load_dataset
from engine.execution.memory import OutOfMemoryError, estimate_demand, memory_explained
from engine.experiment import Experiment
from engine.store import RunStore
from engine.training.precision import EXACT
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
        (too_much_for_the_cpu, "out of memory: of about 2 MiB that it needs, 1 MiB are for activations of a batch"),
        (too_much_for_python, "out of memory: of about 2 MiB that it needs, 1 MiB are for activations of a batch"),
        (too_much_for_the_gpu, "out of GPU memory: of about 2 MiB that it needs, 1 MiB are for activations of a batch"),
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
    assert run.document["failure"] == {"kind": "out of memory", "reason": f"{what}; try training.batch_size = 32"}
    assert type(events[-1]).__name__ == "Ended"
    assert (run.path / "last.safetensors").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"hidden_size": 4000},
            r"for weights, gradients and the optimiser; try a smaller model.hidden_size: layer",
        ),
        ({"hidden_size": 4000, "batch_size": 100_000}, "are for weights, gradients and the optimiser"),
        ({"hidden_size": 64}, r"are for activations of a batch; try training.batch_size = 32$"),
        ({"batch_size": 1}, r"are for images; try fewer classes, or a smaller dataset.train_fraction$"),
    ],
)
def test_what_is_large_is_said_and_how_it_becomes_smaller(
    tiny: Callable[..., Experiment], changes: dict[str, int], words: str
) -> None:
    experiment = tiny(**changes)
    dataset = load_dataset(experiment.dataset)
    architecture = build_architecture(experiment.model, dataset.image_shape, 2)
    demand = estimate_demand(architecture, dataset, experiment, torch.device("cpu"), EXACT)
    with pytest.raises(OutOfMemoryError, match=words), memory_explained(demand):
        too_much_for_the_cpu()


def test_another_error_is_not_one_of_memory() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_explained(None):
        raise RuntimeError("shapes do not fit")


def test_data_that_do_not_fit_are_told_from_a_network_that_does_not() -> None:
    with pytest.raises(OutOfMemoryError, match="out of memory: while its data are decoded"), memory_explained(None):
        too_much_for_python()
