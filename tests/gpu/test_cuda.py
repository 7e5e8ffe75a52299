"""On a CUDA device: as the CPU, to the bit with itself, and told about. `make gpu-check` runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from engine import export_onnx, train
from engine.data import load_dataset
from engine.events import EpochEnded, StepProgress
from engine.execution.memory import Demand, check_memory
from engine.experiment import Experiment
from engine.store import RunStore
from engine.telemetry import Telemetry
from engine.training.checkpoint import decode, encode, restore, snapshot
from engine.training.device import gpu_uuid, reproducible
from engine.training.trainer import Trainer

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device here"),
]
Tiny = Callable[..., Experiment]


def trainer_on(experiment: Experiment, device: str, **options: Any) -> Trainer:
    return Trainer(experiment, load_dataset(experiment.dataset), torch.device(device), **options)


def history(trainer: Trainer) -> list[dict[str, Any]]:
    with reproducible(trainer.device, 1):
        events = [event.record for event in trainer.events() if isinstance(event, EpochEnded)]
    return [{key: value for key, value in record.items() if key != "seconds"} for record in events]


def test_a_gpu_trains_to_the_same_bits_twice(tiny: Tiny) -> None:
    first, second = (trainer_on(tiny(pooling="max", momentum=0.9), "cuda:0") for _ in range(2))
    assert history(first) == history(second)
    for a, b in zip(first.network.parameters(), second.network.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("pooling", ["stride", "max", "avg"])
def test_a_step_on_a_gpu_is_that_of_the_cpu(tiny: Tiny, pooling: str) -> None:
    """One step from equal weights on equal rows; the order of images is drawn by each device on its own."""
    gradients = []
    for device in ("cpu", "cuda:0"):
        trainer = trainer_on(tiny(pooling=pooling), device)
        with reproducible(trainer.device, 1):
            rows = torch.arange(32, device=device)
            images, labels = trainer.train.gather(rows), trainer.train.labels_of(rows)
            torch.nn.functional.cross_entropy(trainer.network.layers(images), labels).backward()  # type: ignore[no-untyped-call]
        gradients.append([p.grad.cpu() for p in trainer.network.parameters() if p.grad is not None])
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


def test_a_gpu_training_goes_on_from_a_checkpoint_to_the_same_bits(tiny: Tiny) -> None:
    experiment = tiny(epochs=4, momentum=0.9)
    whole = trainer_on(experiment, "cuda:0")
    checkpoint, records = None, []
    with reproducible(whole.device, 1):
        for event in whole.events():
            if isinstance(event, EpochEnded):
                records.append({key: value for key, value in event.record.items() if key != "seconds"})
            elif isinstance(event, StepProgress) and checkpoint is None and whole.epoch >= 1:
                checkpoint = snapshot(whole)
    assert checkpoint is not None
    again = trainer_on(experiment, "cuda:0")
    restore(again, decode(encode(checkpoint.tensors, checkpoint.scalars)))
    assert history(again) == records[checkpoint.epoch :]


def test_a_gpu_run_is_recorded_and_exported(store: RunStore, tiny: Tiny) -> None:
    for _ in train(tiny(), store=store, device="cuda"):
        pass
    run = store.runs()[0]
    assert run.environment["device"] == "cuda:0"
    assert run.environment["gpu_memory"]["total_bytes"] > 0
    assert export_onnx(run)["agreement"] == 1.0


def test_the_device_tells_about_itself() -> None:
    device = torch.device("cuda", 0)
    uuid = gpu_uuid(device)
    assert uuid is not None
    gpu = Telemetry(uuid).read()["gpu"]
    assert gpu is not None
    assert gpu["memory_total_bytes"] > 1 << 30
    assert check_memory(device, Demand(1, 1, 1, ("", "", ""))) is not None
