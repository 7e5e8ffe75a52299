"""Runs that were never trained, for comparisons whose right answer is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.store import History


@dataclass
class FakeRun:
    """What a comparison needs of a run."""

    id: str
    name: str
    document: dict[str, Any]
    state: str = "finished"
    arrays: dict[str, Any] | None = None
    records: list[dict[str, Any]] = field(default_factory=list)

    def history(self) -> History:
        return History(self.records)

    def predictions(self) -> dict[str, Any] | None:
        return self.arrays


def fake(
    pooling: str = "max",
    seed: int = 0,
    *,
    test: float | None = 0.8,
    validation: float | None = 0.8,
    train: float = 0.9,
    seconds: float = 10.0,
    number: int | None = None,
    sha: str = "same",
    state: str = "finished",
    selected_on: str = "validation",
    lowest_epoch: int = 50,
    predictions: list[int] | None = None,
    study: dict[str, Any] | None = None,
    device: str = "cpu",
    **settings: Any,
) -> FakeRun:
    """A run over 100 epochs and 100 images a split; `settings` as `training__lr=0.1`."""
    count = seed * 10 + ["stride", "max", "avg"].index(pooling) if number is None else number
    experiment: dict[str, dict[str, Any]] = {
        "dataset": {"name": "digits", "classes": ["0", "1"], "validation": 0.1, "split_seed": 0},
        "model": {"name": "lab", "pooling": pooling},
        "training": {"epochs": 100, "lr": 0.1, "seed": seed, "threads": 0},
    }
    for key, value in settings.items():
        section, _, name = key.partition("__")
        experiment[section][name] = value
    summary = {
        "epochs_done": 100,
        "selected_epoch": 40,
        "selected_on": selected_on,
        "test_accuracy": test,
        "validation_accuracy": validation,
        "train_accuracy": train,
        "overfitting_gap": None if test is None else train - test,
        "loss_gap": 0.1,
        "train_loss": 0.2,
        "test_loss": 0.3,
        "validation_loss": 0.3,
        "lowest_validation_loss": 0.3,
        "lowest_validation_loss_epoch": lowest_epoch,
        "seconds": seconds,
        "images_per_second": 1000.0,
        "images": {"train": 100, "validation": 100, "test": 100},
        "parameters": 21_699,
        "multiply_adds": 1_334_016,
        "test_sha256": sha,
    }
    arrays = None
    if predictions is not None:
        labels = np.zeros(len(predictions), dtype=np.int64)
        arrays = {"test.labels": labels, "test.predictions": np.array(predictions)}
    document = {
        "experiment": experiment,
        "summary": summary if state in ("finished", "stopped") else None,
        "environment": {"device": device, "device_name": "x", "lanes": 1, "threads": 1},
        "study": study,
    }
    run_id = f"20260101-000000-{count:04x}"
    return FakeRun(run_id, f"{pooling}-s{seed}", document, state, arrays)
