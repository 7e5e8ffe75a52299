"""The step as a CUDA graph would be made of it: practised, put back, called with nothing new from Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from engine.data import load_dataset
from engine.events import EpochEnded, StepProgress
from engine.experiment import Experiment, TrainingSettings
from engine.training.capture import WARM_UP, Eager, KeptState, Work
from engine.training.checkpoint import restore, snapshot
from engine.training.device import reproducible
from engine.training.position import Position
from engine.training.schedule import RateTable, learning_rate
from engine.training.trainer import Trainer

CPU = torch.device("cpu")
Tiny = Callable[..., Experiment]


class PractisedEager:
    """As `CudaGraphs`, without CUDA: practice and capture change everything, and all of it is put back."""

    name = "practised"

    def __init__(self, device: torch.device, kept: KeptState, generators: Sequence[torch.Generator]) -> None:
        self._kept = kept
        self.works = 0

    def prepare(self, work: Work) -> Work:
        self.works += 1
        for _ in range(WARM_UP + 1):
            work()
            self._kept.put_back()
        return work


class Refusing:
    """A device that captures nothing, and has changed something before it says so."""

    name = "refusing"

    def __init__(self, device: torch.device, kept: KeptState, generators: Sequence[torch.Generator]) -> None:
        """Nothing is needed."""

    def prepare(self, work: Work) -> Work:
        work()
        raise RuntimeError("operation not permitted when stream is capturing\nand more lines")


def trained(trainer: Trainer) -> tuple[list[dict[str, Any]], dict[str, torch.Tensor]]:
    with reproducible(CPU, 1):
        records = [event.record for event in trainer.events() if isinstance(event, EpochEnded)]
    for record in records:
        del record["seconds"]
    return records, {name: tensor.clone() for name, tensor in trainer.tensors().items()}


def assert_same(a: tuple[Any, dict[str, torch.Tensor]], b: tuple[Any, dict[str, torch.Tensor]]) -> None:
    assert a[0] == b[0]
    assert a[1].keys() == b[1].keys()
    for name, tensor in a[1].items():
        assert torch.equal(tensor, b[1][name]), name


VARIANTS: list[dict[str, Any]] = [
    {"momentum": 0.9, "nesterov": True},
    {"optimizer": "adamw", "lr": 0.01, "schedule": "one_cycle"},
    {"validation": 0.0, "batch_size": 1000},
    {"batch_size": 7, "schedule": "cosine"},
    {"name": "lab-bn", "dropout": 0.2, "ema": 0.9, "flips": "alternating", "shift": 2, "cutout": 3, "test_flips": True},
]


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
@pytest.mark.parametrize("make_path", [PractisedEager, Refusing])
def test_practice_leaves_no_trace(tiny: Tiny, changes: dict[str, Any], make_path: Any) -> None:
    experiment = tiny(**changes)
    dataset = load_dataset(experiment.dataset)
    plain = trained(Trainer(experiment, dataset, CPU))
    assert_same(trained(Trainer(experiment, dataset, CPU, make_path=make_path)), plain)


def test_practice_after_a_checkpoint_leaves_no_trace(tiny: Tiny) -> None:
    experiment = tiny(momentum=0.9)
    dataset = load_dataset(experiment.dataset)
    whole = Trainer(experiment, dataset, CPU)
    checkpoint = None
    with reproducible(CPU, 1):
        for event in whole.events():
            if isinstance(event, StepProgress) and checkpoint is None and whole.step > 1:
                checkpoint = snapshot(whole)
    assert checkpoint is not None
    again = Trainer(experiment, dataset, CPU, make_path=PractisedEager)
    restore(again, checkpoint)
    restored = trained(again)[1]
    for name, tensor in whole.tensors().items():
        assert torch.equal(tensor, restored[name]), name


def test_the_reason_for_not_capturing_is_told_in_a_line(tiny: Tiny) -> None:
    experiment = tiny()
    trainer = Trainer(experiment, load_dataset(experiment.dataset), CPU, make_path=Refusing)
    reason = trainer.prepare()
    assert reason is not None
    assert reason.endswith("operation not permitted when stream is capturing")
    assert trainer.path == Eager.name


def test_the_same_tensors_are_changed_from_the_first_step_to_the_last(tiny: Tiny) -> None:
    """A captured step knows places, not names: nothing may be put into another one."""
    for changes in VARIANTS:
        experiment = tiny(**changes)
        trainer = Trainer(experiment, load_dataset(experiment.dataset), CPU)
        before = {name: tensor.data_ptr() for name, tensor in trainer.tensors().items()}
        with reproducible(CPU, 1):
            for event in trainer.events():
                if isinstance(event, StepProgress):
                    restore(trainer, snapshot(trainer))
        assert {name: tensor.data_ptr() for name, tensor in trainer.tensors().items()} == before


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one_cycle"])
def test_the_device_reads_the_learning_rates_of_the_schedule(schedule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RateTable, "STEPS", 8)
    total = 21
    settings = TrainingSettings(schedule=schedule, lr=0.2)  # type: ignore[arg-type]
    table, position, lr = RateTable(settings, total, CPU), Position(CPU), torch.zeros(1)
    found: list[float] = []
    for chunk in (1, 3, 5, 8, 2, 2):
        position.place(step=0, rate=table.cover(len(found), chunk), epoch=0)
        for _ in range(chunk):
            table.select(position, out=lr)
            found.append(lr.item())
            position.end_step()
    assert found == pytest.approx([learning_rate(schedule, 0.2, step, total) for step in range(total)], rel=1e-6)


def test_a_position_moves_by_steps_and_epochs() -> None:
    position = Position(CPU)
    position.place(step=4, rate=2, epoch=7)
    position.end_step()
    assert [int(c) for c in (position.step, position.rate, position.row, position.epoch)] == [5, 3, 0, 7]
    position.end_epoch()
    assert [int(c) for c in (position.step, position.rate, position.row, position.epoch)] == [0, 3, 1, 8]
