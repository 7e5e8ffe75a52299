"""One run as a comparison sees it: its settings, flat, and its measures with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.proportion import wilson
from engine.run_keys import LATER_DEFAULTS

# Settings that never make a group: runs that differ in them alone are the same experiment.
REPEATS = ("training.seed", "training.threads")
ACCURACIES = {"test_accuracy": "test", "train_accuracy": "train", "validation_accuracy": "validation"}
MEASURES = (
    "test_accuracy",
    "train_accuracy",
    "validation_accuracy",
    "overfitting_gap",
    "loss_gap",
    "test_loss",
    "train_loss",
    "seconds",
    "images_per_second",
    "parameters",
    "multiply_adds",
    "selected_epoch",
)
# What an interval and a p over seeds are given for: the rest is exact, or depends on the machine.
TESTED = MEASURES[:7]


class ComparedRun(Protocol):
    """What a comparison needs of a run; `engine.store.Run` has it."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def document(self) -> Mapping[str, Any]: ...
    @property
    def state(self) -> str: ...
    def history(self) -> Any: ...
    def predictions(self) -> Any: ...


class Scored(NamedTuple):
    """One split as a run predicted it: labels int64 `[N]`, and which of them it got right, bool `[N]`."""

    labels: NDArray[np.int64]
    right: NDArray[np.bool_]


class Member:
    """A run in a comparison."""

    def __init__(self, run: ComparedRun) -> None:
        self.run = run
        self.id, self.name, self.state = run.id, run.name, run.state
        experiment = run.document.get("experiment") or {}
        self.settings: dict[str, Any] = {
            f"{section}.{key}": value
            for section, values in experiment.items()
            if isinstance(values, dict)
            for key, value in values.items()
        }
        if self.settings:
            for key, default in LATER_DEFAULTS.items():
                self.settings.setdefault(key, default)
        self.summary: dict[str, Any] = run.document.get("summary") or {}
        self.study: dict[str, Any] = run.document.get("study") or {}
        self.seed = self.settings.get("training.seed")

    @property
    def is_complete(self) -> bool:
        """Over, and scored on test."""
        return self.state in ("finished", "stopped") and self.summary.get("test_accuracy") is not None

    @property
    def selected_on(self) -> str | None:
        return self.summary.get("selected_on")

    @property
    def test_sha256(self) -> str | None:
        return self.summary.get("test_sha256")

    @property
    def place(self) -> tuple[Any, ...]:
        """What times must share to be compared."""
        environment = self.run.document.get("environment") or {}
        return tuple(environment.get(key) for key in ("device", "device_name", "lanes", "threads"))

    @property
    def epochs_done(self) -> int | None:
        return self.summary.get("epochs_done")

    @cached_property
    def scored(self) -> Mapping[str, Scored]:
        """What is kept of the predictions, by split: logits of a thousand runs would not fit into memory."""
        found = self.run.predictions() or {}
        return {
            split: Scored(
                np.asarray(found[f"{split}.labels"]), found[f"{split}.predictions"] == found[f"{split}.labels"]
            )
            for split in ACCURACIES.values()
            if f"{split}.labels" in found and f"{split}.predictions" in found
        }

    def value(self, measure: str) -> float | None:
        """One number of the summary."""
        return self.summary.get(measure)

    @cached_property
    def lowest_validation_loss(self) -> tuple[float | None, int | None]:
        """The lowest mean validation loss of an epoch, and that epoch."""
        if "lowest_validation_loss" in self.summary or not self.is_complete:
            return self.summary.get("lowest_validation_loss"), self.summary.get("lowest_validation_loss_epoch")
        found: tuple[float | None, int | None] = self.run.history().lowest_validation_loss()
        return found

    @property
    def is_still_improving(self) -> bool | None:
        """The lowest validation loss lies in the last twentieth of the epochs; None where it is not known."""
        epoch = self.lowest_validation_loss[1]
        if epoch is None or not self.epochs_done:
            return None
        return epoch > 0.95 * self.epochs_done

    def metrics(self) -> dict[str, dict[str, Any]]:
        """Every measure as `{"value", "low", "high"}`; accuracies with `n` and their Wilson interval over images."""
        rows: dict[str, dict[str, Any]] = {}
        images = self.summary.get("images") or {}
        for measure in MEASURES:
            value = self.value(measure)
            row: dict[str, Any] = {"value": value, "low": None, "high": None}
            if measure in ACCURACIES:
                n = images.get(ACCURACIES[measure])
                row["n"] = n
                if value is not None and n:
                    row["low"], row["high"] = wilson(round(value * n), n)
            rows[measure] = row
        rows["validation_accuracy"]["epoch"] = self.summary.get("selected_epoch")
        loss, epoch = self.lowest_validation_loss
        rows["lowest_validation_loss"] = {"value": loss, "low": None, "high": None, "epoch": epoch}
        return rows
