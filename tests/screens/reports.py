"""Runs whose reports, and the images they are wrong about, are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.data import open_split
from engine.evaluation import make_report
from engine.experiment import Experiment
from engine.store import Run, RunStore
from engine.store.arrays import encode_arrays
from tests.screens.stage import epoch

DIGITS = {"name": "digits", "classes": ["3", "8", "9"], "image_size": 16}
Mistakes = Mapping[tuple[str, str], int]


def scored(
    store: RunStore,
    name: str,
    mistakes: Mistakes,
    *,
    dataset: Mapping[str, Any] = DIGITS,
    data_dir: Path | None = None,
    each: int | None = None,
    pooling: str = "max",
    seed: int = 0,
    state: str = "finished",
    study: Mapping[str, Any] | None = None,
    train: Mistakes | None = None,
) -> Run:
    """A finished run that took so many images of one class for another, the first ones, on every split.

    Args:
        each: images of each class where the data set is not read for its labels.
        train: what it took for what on the training images; None: as on the others.
    """
    experiment = Experiment.build(
        {"dataset": dict(dataset), "model": {"pooling": pooling}, "training": {"seed": seed, "epochs": 30}}
    )
    classes = list(experiment.dataset.classes)
    request = {"data_dir": str(data_dir) if data_dir else None}
    run = store.create(experiment.to_dict(), fingerprint="f", name=name, request=request, study=study)
    splits, arrays = {}, {}
    for split in ("test", "train", "validation"):
        labels = (
            np.repeat(np.arange(len(classes)), each) if each else open_split(experiment.dataset, split, data_dir).labels
        )
        said = _said(labels, classes, train if train is not None and split == "train" else mistakes)
        splits[split] = make_report(labels, said, classes)
        arrays |= {f"{split}.labels": labels, f"{split}.predictions": said}
        arrays[f"{split}.confidence"] = np.linspace(0.3, 0.9, len(labels), dtype=np.float32)
    summary = {f"{split}_accuracy": document["accuracy"] for split, document in splits.items()}
    summary["images"] = {split: document["images"] for split, document in splits.items()}
    summary["overfitting_gap"] = summary["train_accuracy"] - summary["test_accuracy"]
    summary |= {"seconds": 10.0, "parameters": 100, "multiply_adds": 1_000_000, "lowest_validation_loss_epoch": 10}
    summary |= {"epochs_done": 30, "selected_epoch": 28, "selected_on": "validation", "test_sha256": "same"}
    with run.own() as owner:
        owner.append_history([epoch(number) for number in range(1, 31)])
        owner.update(state=state, summary=summary)
        about = {"format": 1, "classes": classes, "selected_epoch": 28, "selected_on": "validation"}
        owner.write_report({**about, "splits": splits})
        (run.path / "predictions.safetensors").write_bytes(encode_arrays(arrays, {}))
    return run.reload()


def _said(labels: Any, classes: Sequence[str], mistakes: Mistakes) -> Any:
    said = labels.copy()
    taken = dict.fromkeys(classes, 0)
    for (true, other), count in mistakes.items():
        rows = np.flatnonzero(labels == classes.index(true))[taken[true] : taken[true] + count]
        said[rows] = classes.index(other)
        taken[true] += count
    return said
