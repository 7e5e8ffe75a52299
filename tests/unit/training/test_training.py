"""The loop: reproducible to the bit, whatever else the process does and however it is cut into sittings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.data import ImageDataset, load_dataset
from engine.errors import TrainingError
from engine.events import EpochEnded, StepProgress
from engine.experiment import Experiment
from engine.training.arrange import arrange
from engine.training.checkpoint import decode, encode, restore, snapshot
from engine.training.convolution import MadePatches, PatchConv2d
from engine.training.device import reproducible
from engine.training.trainer import Trainer

CPU = torch.device("cpu")
Tiny = Callable[..., Experiment]
TIMES = {"seconds"}


def dataset_of(experiment: Experiment) -> ImageDataset:
    return load_dataset(experiment.dataset)


def without_times(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in TIMES}


def history(trainer: Trainer) -> list[dict[str, Any]]:
    return [without_times(event.record) for event in trainer.events() if isinstance(event, EpochEnded)]


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.network.state_dict().items()}


def train(experiment: Experiment) -> tuple[list[dict[str, Any]], dict[str, torch.Tensor]]:
    with reproducible(CPU, 1):
        trainer = Trainer(experiment, dataset_of(experiment), CPU)
        return history(trainer), weights(trainer)


def assert_equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    for name, tensor in a.items():
        assert torch.equal(tensor, b[name]), name


def test_the_same_experiment_trains_to_the_same_bits(tiny: Tiny) -> None:
    first = train(tiny())
    torch.manual_seed(99)
    torch.rand(17)  # whatever else runs in the process
    second = train(tiny())
    assert first[0] == second[0]
    assert_equal(first[1], second[1])


def test_another_seed_trains_to_other_bits(tiny: Tiny) -> None:
    assert train(tiny())[0] != train(tiny(seed=1))[0]


def test_training_leaves_the_global_generators_alone(tiny: Tiny) -> None:
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index,union-attr]
    train(tiny())
    assert torch.equal(torch_before, torch.get_rng_state())
    assert np.array_equal(numpy_before, np.random.get_state()[1])  # type: ignore[index]


OPTIMIZERS: list[dict[str, Any]] = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    {"optimizer": "adamw", "lr": 0.01},
    {"schedule": "cosine"},
    {"schedule": "one_cycle", "momentum": 0.5},
    {"validation": 0.0},
    {"validation": "test"},
    {"flips": "random", "shift": 2, "cutout": 4, "label_smoothing": 0.1},
    {"flips": "alternating", "shift": 3, "shift_padding": "zero", "schedule": "cosine", "warmup": 0.3},
    {"name": "lab-bn", "ema": 0.9, "dropout": 0.3, "test_flips": True},
    {"name": "resnet9", "momentum": 0.9, "flips": "random", "ema": 0.5},
    {"train_fraction": 0.5},
]


@pytest.mark.parametrize("changes", OPTIMIZERS, ids=str)
def test_a_training_goes_on_from_a_checkpoint_at_any_step_to_the_same_bits(
    tiny: Tiny, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = tiny(**changes)
    dataset = dataset_of(experiment)
    monkeypatch.setattr("engine.training.pacer.CHUNK_SECONDS", 0.0)  # a chunk is a step
    with reproducible(CPU, 1):
        whole = Trainer(experiment, dataset, CPU)
        checkpoints, records = [snapshot(whole)], []
        for event in whole.events():
            if isinstance(event, EpochEnded):
                records.append(without_times(event.record))
            elif isinstance(event, StepProgress):
                checkpoints.append(snapshot(whole))
        assert len(checkpoints) == 3 * whole.steps_per_epoch + 1
        for checkpoint in checkpoints:
            again = Trainer(experiment, dataset, CPU)
            restore(again, decode(encode(checkpoint.tensors, checkpoint.scalars)))
            assert history(again) == records[checkpoint.epoch :]
            assert_equal(weights(again), weights(whole))
            assert_equal(again.selection.state_dict(), whole.selection.state_dict())
            assert int(again.selection.epoch) == int(whole.selection.epoch)


PLAIN: list[dict[str, Any]] = [
    {},
    {"momentum": 0.9, "nesterov": True},
    {"optimizer": "adamw", "lr": 0.01},
    {"momentum": 0.9, "weight_decay": 0.05, "label_smoothing": 0.1},
    {"name": "lab-bn", "ema": 0.9, "lr": 0.02},
]


@pytest.mark.parametrize("pooling", ["stride", "max", "avg"])
@pytest.mark.parametrize("changes", PLAIN, ids=str)
def test_the_fast_loop_learns_what_the_plain_one_learns(tiny: Tiny, pooling: str, changes: dict[str, Any]) -> None:
    """Against a loop as torch's tutorials write it: the whole network on raw images, one step after another."""
    experiment = tiny(pooling=pooling, **changes)
    dataset = dataset_of(experiment)
    with reproducible(CPU, 1):
        fast = Trainer(experiment, dataset, CPU)
        plain = Trainer(experiment, dataset, CPU)
        history(fast)
        network, settings = plain.network, experiment.training
        kind: Any = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[settings.optimizer]
        options: dict[str, Any] = {"lr": settings.lr, "weight_decay": settings.weight_decay}
        if settings.optimizer == "sgd":
            options.update(momentum=settings.momentum, nesterov=settings.nesterov)
        slow = kind(network.parameters(), **options)
        images, labels = torch.from_numpy(dataset.train.images), torch.from_numpy(dataset.train.labels)
        loss_of = torch.nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing)
        averaged = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        for _ in range(settings.epochs):
            order = torch.randperm(len(labels), generator=plain.shuffle)
            for rows in order.split(settings.batch_size):
                slow.zero_grad()
                loss_of(network(images[rows]), labels[rows]).backward()
                slow.step()
                for name, tensor in network.state_dict().items():
                    averaged[name] = settings.ema * averaged[name] + (1 - settings.ema) * tensor
    for name, tensor in weights(fast).items():
        # the same steps, summed in another order: on other processors and versions of torch up to 1.3e-5 apart
        torch.testing.assert_close(tensor, network.state_dict()[name], rtol=1e-4, atol=5e-5)
    for name, tensor in fast.scored.state_dict().items():
        torch.testing.assert_close(tensor, averaged[name], rtol=1e-4, atol=1e-5)


def test_images_too_many_to_keep_normalised_train_to_the_same_bits(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = tiny(batch_size=37, flips="random", shift=2, shift_padding="zero")
    dataset = dataset_of(experiment)
    with reproducible(CPU, 1):
        kept = Trainer(experiment, dataset, CPU)
        monkeypatch.setattr("engine.training.batches._NORMALISED_BYTES", 0)
        anew = Trainer(experiment, dataset, CPU)
        assert not anew.train._normalised
        assert history(anew) == history(kept)
    assert_equal(weights(anew), weights(kept))


def take_the_forms_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_on_a_gpu(layers: nn.Sequential, device: torch.device, *others: Any) -> nn.Sequential:
        return arrange(layers, torch.device("cuda"), *others)

    monkeypatch.setattr("engine.training.step.arrange", as_on_a_gpu)
    monkeypatch.setattr("engine.training.made.may_make_once", lambda *_: True)


@pytest.mark.parametrize("pooling", ["stride", "max", "avg"])
def test_the_forms_that_a_gpu_trains_in_learn_the_same(
    tiny: Tiny, pooling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their arithmetic, on a CPU: convolutions over patches, those of the first made once."""
    experiment = tiny(pooling=pooling, momentum=0.9)
    dataset = dataset_of(experiment)
    with reproducible(CPU, 1):
        plain = history(Trainer(experiment, dataset, CPU))
        take_the_forms_of_a_gpu(monkeypatch)
        trainer = Trainer(experiment, dataset, CPU)
        assert isinstance(trainer._step.layers[0], MadePatches)
        patched = history(trainer)
    for a, b in zip(plain, patched, strict=True):
        for split in ("train", "validation"):
            assert a[split]["loss"] == pytest.approx(b[split]["loss"], rel=1e-4)


def test_augmented_images_are_not_made_into_patches_beforehand(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    take_the_forms_of_a_gpu(monkeypatch)
    experiment = tiny(flips="random")
    trainer = Trainer(experiment, dataset_of(experiment), CPU)
    assert isinstance(trainer._step.layers[0], PatchConv2d)


def test_bands_are_percentiles_over_batches_and_means_are_over_images(tiny: Tiny) -> None:
    experiment = tiny(epochs=1)
    dataset = dataset_of(experiment)
    with reproducible(CPU, 1):
        trainer = Trainer(experiment, dataset, CPU)
        (record,) = history(trainer)
    losses, sizes = trainer.scores.losses.numpy(), trainer.scores.sizes.numpy()
    assert sizes.sum() == len(dataset.train.labels)
    assert sizes[-1] < sizes[0]
    band = record["train"]["loss"]
    assert band["mean"] == pytest.approx(np.average(losses, weights=sizes))
    assert [band["p25"], band["p75"]] == pytest.approx(np.percentile(losses.astype(np.float64), [25, 75]))
    accuracies = trainer.scores.correct.numpy() / sizes
    assert record["train"]["accuracy"]["mean"] == pytest.approx(np.average(accuracies, weights=sizes))


def test_the_selected_epoch_is_the_best_on_validation_then_by_loss_then_the_first(tiny: Tiny) -> None:
    experiment = tiny(epochs=12)
    with reproducible(CPU, 1):
        trainer = Trainer(experiment, dataset_of(experiment), CPU)
        records = history(trainer)
    merits = [(-r["validation"]["accuracy"]["mean"], r["validation"]["loss"]["mean"], r["epoch"]) for r in records]
    assert int(trainer.selection.epoch) == min(merits)[2]


def test_without_validation_the_last_epoch_is_selected(tiny: Tiny) -> None:
    experiment = tiny(validation=0.0)
    with reproducible(CPU, 1):
        trainer = Trainer(experiment, dataset_of(experiment), CPU)
        records = history(trainer)
    assert [record["validation"] for record in records] == [None] * 3
    assert int(trainer.selection.epoch) == 3
    assert_equal(trainer.selection.state_dict(), weights(trainer))


def test_a_loss_that_is_not_finite_names_its_step_and_the_last_good_epoch(tiny: Tiny) -> None:
    experiment = tiny(lr=1e9)
    with reproducible(CPU, 1):
        trainer = Trainer(experiment, dataset_of(experiment), CPU)
        with pytest.raises(TrainingError, match=r"not finite: epoch 1, step \d+, lr 1e\+09; last good epoch 0"):
            history(trainer)


def test_nothing_is_fetched_from_the_device_inside_a_chunk(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """`item`, `tolist`, `cpu` and `bool` of a tensor wait for the device: one wait a chunk is allowed."""
    experiment = tiny(epochs=20)
    waits = []
    monkeypatch.setattr("engine.training.trainer.Pacer", lambda: FixedPace(40))
    with reproducible(CPU, 1):
        trainer = Trainer(experiment, dataset_of(experiment), CPU)
        for name in ("item", "tolist", "__bool__", "__float__", "__int__", "cpu"):
            original = getattr(torch.Tensor, name)

            def counted(*args: Any, original: Any = original, name: str = name, **kwargs: Any) -> Any:
                waits.append(name)
                return original(*args, **kwargs)

            monkeypatch.setattr(torch.Tensor, name, counted)
        chunks = sum(isinstance(event, StepProgress) for event in trainer.events())
    assert chunks == -(-20 * trainer.steps_per_epoch // 40)
    assert len(waits) == chunks


class FixedPace:
    """A pacer whose chunks have one size."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def took(self, steps: int, seconds: float) -> None:
        """Nothing to learn."""
