"""A step captured as a CUDA graph against the same step called kernel by kernel: equal to the bit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch

from engine import train
from engine.data import load_dataset
from engine.events import EpochEnded, StepProgress
from engine.experiment import Experiment
from engine.store import RunStore
from engine.training.capture import CudaGraphs, Eager
from engine.training.checkpoint import restore, snapshot
from engine.training.device import reproducible
from engine.training.precision import EXACT, Precision, choose_precision
from engine.training.trainer import Trainer

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device here"),
]
Tiny = Callable[..., Experiment]
VARIANTS: list[dict[str, Any]] = [
    *({"pooling": pooling} for pooling in ("stride", "max", "avg")),
    {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01, "schedule": "one_cycle"},
    {"optimizer": "adamw", "lr": 0.01, "schedule": "cosine"},
    {"validation": 0.0, "batch_size": 1000},
    {"batch_size": 37, "epochs": 12},
    {"flips": "random", "shift": 2, "cutout": 4, "label_smoothing": 0.1},
    {"flips": "alternating", "shift": 3, "shift_padding": "zero", "batch_size": 37},
    {"name": "lab-bn", "dropout": 0.3, "ema": 0.9, "test_flips": True},
    {"name": "resnet9", "momentum": 0.9, "nesterov": True, "flips": "alternating", "shift": 2, "ema": 0.5},
]


def make(experiment: Experiment, *, eager: bool = False, precision: Precision = EXACT) -> Trainer:
    options: dict[str, Any] = {"make_path": lambda *_: Eager()} if eager else {}
    dataset = load_dataset(experiment.dataset)
    return Trainer(experiment, dataset, torch.device("cuda:0"), precision=precision, **options)


def run(trainer: Trainer) -> list[dict[str, Any]]:
    with reproducible(trainer.device, 1, trainer.precision):
        events = [event.record for event in trainer.events() if isinstance(event, EpochEnded)]
    return [{key: value for key, value in record.items() if key != "seconds"} for record in events]


def assert_equal_state(a: Trainer, b: Trainer) -> None:
    for name, tensor in a.tensors().items():
        assert torch.equal(tensor, b.tensors()[name]), name


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_a_captured_training_is_the_eager_one_to_the_bit(tiny: Tiny, changes: dict[str, Any]) -> None:
    captured, eager = make(tiny(**changes)), make(tiny(**changes), eager=True)
    assert run(captured) == run(eager)
    assert (captured.path, eager.path) == (CudaGraphs.name, Eager.name)
    assert_equal_state(captured, eager)


@pytest.mark.parametrize("changes", [{"momentum": 0.9}, {"optimizer": "adamw", "lr": 0.01}], ids=str)
def test_a_captured_training_goes_on_from_any_step_to_the_same_bits(
    tiny: Tiny, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.pacer.CHUNK_SECONDS", 0.0)  # a chunk is a step
    whole, checkpoints = make(tiny(**changes)), []
    with reproducible(whole.device, 1):
        for event in whole.events():
            if isinstance(event, StepProgress):
                checkpoints.append(snapshot(whole))
    for checkpoint in checkpoints[::4]:
        again = make(tiny(**changes))
        restore(again, checkpoint)
        run(again)
        assert_equal_state(again, whole)


def test_nothing_waits_for_the_device_inside_a_chunk(tiny: Tiny) -> None:
    trainer = make(tiny(epochs=4))
    with reproducible(trainer.device, 1):
        trainer.prepare()
        trainer._run_steps(1)
        torch.cuda.synchronize()
        trainer._position.place(trainer.step, 0, 0)
        torch.cuda.set_sync_debug_mode("error")
        try:
            for work in (trainer._full, trainer._last, trainer._finish):
                work()
        finally:
            torch.cuda.set_sync_debug_mode("default")


def test_capture_goes_on_beside_another_thread_that_uses_the_device(tiny: Tiny) -> None:
    stop, failures = threading.Event(), []

    def work() -> None:
        try:
            values = torch.ones(64, 64, device="cuda:0")
            while not stop.is_set():
                values = (values @ values).clamp(max=1)
        except RuntimeError as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        trainer = make(tiny())
        with reproducible(trainer.device, 1):
            assert trainer.prepare() is None
    finally:
        stop.set()
        thread.join()
    assert not failures


def test_fast_precision_learns_as_well(tiny: Tiny) -> None:
    experiment = tiny(epochs=20)
    precision = choose_precision("fast", torch.device("cuda:0"), 1)
    fast, exact = run(make(experiment, precision=precision)), run(make(experiment))
    assert fast != exact
    assert fast[-1]["train"]["loss"]["mean"] == pytest.approx(exact[-1]["train"]["loss"]["mean"], rel=0.2, abs=0.02)


def test_a_run_says_that_its_steps_are_captured(store: RunStore, tiny: Tiny) -> None:
    for _ in train(tiny(), store=store, device="cuda"):
        pass
    environment = store.runs()[0].environment
    assert (environment["path"], environment["precision"]) == ("cuda graph", "float32")
