"""A folder of as many runs as one likes that were never trained, written without waiting for the disk."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.experiment import Experiment
from engine.store import layout
from engine.store.arrays import encode_arrays

_CLASSES = ("apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle")
_START = datetime(2026, 1, 1, tzinfo=UTC)
_POOLINGS = ("stride", "max", "avg")
_LRS = (0.002, 0.005, 0.01, 0.02)
_STUDY = 60  # runs: three tactics, four rates, five seeds


def fill(root: Path, count: int, *, epochs: int = 20, predictions: bool = False, comparable: bool = False) -> None:
    """Studies of sixty runs, failed and stopped ones among them; the same folder for the same arguments.

    Args:
        epochs: lines in each history; 0: none is written.
        predictions: also what each predicted, for 1,350, 150 and 300 images.
        comparable: every run has finished, on the same data; else each study has other classes than the one before.
    """
    root.mkdir(parents=True)
    for number in range(count):
        chance = random.Random(number)
        document = make_document(number, chance, epochs=epochs or 500, comparable=comparable)
        folder = root / document["id"]
        folder.mkdir(mode=0o700)
        (folder / layout.RUN).write_text(json.dumps(document, indent=1))
        (folder / layout.LOCK).touch()
        if epochs:
            (folder / layout.HISTORY).write_text("".join(_lines(epochs, document["summary"], chance)))
        if predictions:
            (folder / layout.PREDICTIONS).write_bytes(encode_arrays(_predictions(number), {"format": 1}))
    (root / layout.CHANGED).touch()


def make_document(number: int, chance: random.Random, *, epochs: int, comparable: bool) -> dict[str, Any]:
    """`run.json` of one of them."""
    study, place = divmod(number, _STUDY)
    pooling, lr, seed = _POOLINGS[place % 3], _LRS[place // 3 % 4], place // 12
    first = 0 if comparable else study % 7
    experiment = _experiment(_CLASSES[first : first + 3], pooling, lr, seed, epochs)
    made = _START + timedelta(minutes=7 * number)
    state = "finished" if comparable or place % 9 < 7 else chance.choice(("finished", "stopped", "failed"))
    return {
        "format": 1,
        "id": f"{made:%Y%m%d-%H%M%S}-{number % 65536:04x}",
        "name": f"{_CLASSES[first]}-{pooling} s{seed}",
        "created": f"{made:%Y-%m-%dT%H:%M:%SZ}",
        "state": state,
        "study": {
            "id": f"20260101-000000-{study % 65536:04x}",
            "name": f"pooling and rates {study}",
            "kind": "grid",
            "seeds": [0, 1, 2, 3, 4],
            "position": place + 1,
            "label": f"{pooling} {lr}",
        },
        "tags": ["course"] if study % 3 == 0 else [],
        "note": "",
        "fingerprint": experiment.fingerprint,
        "request": {"device": "cpu", "data_dir": None, "queued_at": f"{made:%Y-%m-%dT%H:%M:%SZ}", "foreground": False},
        "experiment": experiment.to_dict(),
        "environment": {
            **{"device": "cuda:0", "device_name": "NVIDIA H100 80GB HBM3", "torch": "2.13.0", "cuda": "13.0"},
            **{"python": "3.11.7", "platform": "linux", "cnnlab": "0.1.0", "commit": None, "threads": 1, "lanes": 1},
            **{"precision": "float32", "path": "cuda graph", "gpu_memory": None},
        },
        "summary": None if state == "failed" else _summary(first, epochs, chance),
        "failure": {"kind": "diverged", "reason": "NaN loss, epoch 3, step 27"} if state == "failed" else None,
        "waiting": None,
    }


@lru_cache(maxsize=4096)
def _experiment(classes: tuple[str, ...], pooling: str, lr: float, seed: int, epochs: int) -> Experiment:
    dataset = {"name": "cifar100", "classes": list(classes)}
    training = {"lr": lr, "seed": seed, "epochs": epochs}
    return Experiment.build({"dataset": dataset, "model": {"pooling": pooling}, "training": training})


def _summary(data: int, epochs: int, chance: random.Random) -> dict[str, Any]:
    test, train = chance.uniform(0.6, 0.9), chance.uniform(0.85, 0.99)
    return {
        **{"epochs_done": epochs, "selected_epoch": chance.randint(1, epochs), "selected_on": "validation"},
        **{"train_accuracy": train, "validation_accuracy": test + 0.01, "test_accuracy": test},
        **{"train_loss": 1.1 - train, "validation_loss": 1.2 - test, "test_loss": 1.2 - test},
        **{"overfitting_gap": train - test, "loss_gap": train - test + 0.1, "lowest_validation_loss": 1.1 - test},
        **{"lowest_validation_loss_epoch": chance.randint(1, epochs), "seconds": chance.uniform(1, 90)},
        **{"images_per_second": chance.uniform(1e4, 1e6), "images": {"train": 1350, "validation": 150, "test": 300}},
        **{"parameters": 21_699, "multiply_adds": 1_334_016, "test_sha256": f"{data:064x}"},
    }


def _lines(epochs: int, summary: dict[str, Any] | None, chance: random.Random) -> list[str]:
    highest = (summary or {}).get("validation_accuracy", 0.5)
    lines = []
    for epoch in range(1, epochs + 1):
        accuracy = highest * (1 - 0.5 / epoch) + chance.uniform(-0.01, 0.01)
        split = {
            "loss": {"mean": 1.0 / epoch, "p25": 0.8 / epoch, "p75": 1.2 / epoch},
            "accuracy": {"mean": accuracy, "p25": accuracy - 0.05, "p75": accuracy + 0.05},
        }
        record = {"event": "epoch", "epoch": epoch, "seconds": 0.1, "lr": 0.005, "train": split, "validation": split}
        lines.append(json.dumps(record) + "\n")
    return lines


def _predictions(number: int) -> dict[str, NDArray[Any]]:
    """What the run predicted: right for five images of six."""
    chance = np.random.default_rng(number)
    arrays: dict[str, NDArray[Any]] = {}
    for split, images in (("train", 1350), ("validation", 150), ("test", 300)):
        labels = np.arange(images) % 3
        arrays[f"{split}.labels"] = labels
        arrays[f"{split}.predictions"] = (labels + (chance.random(images) < 1 / 6)) % 3
        arrays[f"{split}.confidence"] = chance.random(images, dtype=np.float32)
    return arrays | {"test.logits": chance.random((300, 3), dtype=np.float32)}
