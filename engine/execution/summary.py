"""What run.json says of a run that is over, and of the machine it ran on."""

from __future__ import annotations

import platform
import sys
from typing import Any

import torch

from engine.architecture import Architecture
from engine.data import ImageDataset
from engine.store import History
from engine.training.device import device_name
from engine.training.scoring import Scored
from engine.training.trainer import Trainer
from engine.version import __version__, source_commit


def summarize(
    trainer: Trainer, dataset: ImageDataset, architecture: Architecture, scored: dict[str, Scored], history: History
) -> dict[str, Any]:
    """The `summary` of run.json: accuracies and losses of the selected weights, in eval mode, over whole splits."""
    train, test, validation = scored["train"], scored["test"], scored.get("validation")
    lowest_loss, lowest_epoch = history.lowest_validation_loss()
    images = trainer.train.size * (trainer.epoch + trainer.step / trainer.steps_per_epoch)
    return {
        "epochs_done": trainer.epoch,
        "selected_epoch": int(trainer.selection.epoch),
        "selected_on": dataset.selected_on,
        "train_accuracy": train.accuracy,
        "validation_accuracy": validation.accuracy if validation else None,
        "test_accuracy": test.accuracy,
        "train_loss": train.loss,
        "validation_loss": validation.loss if validation else None,
        "test_loss": test.loss,
        "overfitting_gap": train.accuracy - test.accuracy,
        "loss_gap": test.loss - train.loss,
        "lowest_validation_loss": lowest_loss,
        "lowest_validation_loss_epoch": lowest_epoch,
        "seconds": trainer.seconds,
        "images_per_second": images / trainer.seconds if trainer.seconds else None,
        "images": {name: len(result.labels) for name, result in scored.items()},
        "parameters": architecture.parameters,
        "multiply_adds": architecture.multiply_adds,
        "test_sha256": dataset.test_sha256,
    }


def describe_environment(trainer: Trainer, threads: int, lanes: int) -> dict[str, Any]:
    """The `environment` of run.json, of a trainer that is prepared."""
    device = trainer.device
    return {
        "device": str(device),
        "device_name": device_name(device),
        "torch": torch.__version__,
        "cuda": torch.version.cuda if device.type == "cuda" else None,
        "python": platform.python_version(),
        "platform": sys.platform,
        "cnnlab": __version__,
        "commit": source_commit(),
        "threads": threads,
        "lanes": lanes,
        "precision": trainer.precision.name,
        "path": trainer.path,
    }
