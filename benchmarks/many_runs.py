"""A folder with as many finished runs as one likes, written without waiting for the disk."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.experiment import Experiment
from engine.store import layout
from engine.store.arrays import encode_arrays

POOLINGS = ("stride", "max", "avg")
LRS = (0.002, 0.005, 0.01, 0.02)


def fill(root: Path, count: int, *, predictions: bool = False) -> None:
    """So many runs of studies over pooling, learning rate and five seeds, as real ones look.

    Args:
        predictions: also what they predicted, for 1,350, 150 and 300 images.
    """
    root.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        document = make_document(number)
        folder = root / document["id"]
        folder.mkdir(mode=0o700)
        (folder / layout.RUN).write_text(json.dumps(document, indent=1))
        (folder / layout.LOCK).touch()
        if predictions:
            (folder / layout.PREDICTIONS).write_bytes(encode_arrays(make_predictions(number), {"format": 1}))


def make_predictions(number: int) -> dict[str, NDArray[Any]]:
    """What the run predicted: right for five images of six."""
    chance = np.random.default_rng(number)
    arrays: dict[str, NDArray[Any]] = {}
    for split, images in (("train", 1350), ("validation", 150), ("test", 300)):
        labels = np.arange(images) % 3
        arrays[f"{split}.labels"] = labels
        arrays[f"{split}.predictions"] = (labels + (chance.random(images) < 1 / 6)) % 3
        arrays[f"{split}.confidence"] = chance.random(images, dtype=np.float32)
    return arrays | {"test.logits": chance.random((300, 3), dtype=np.float32)}


def make_document(number: int) -> dict[str, object]:
    """`run.json` of one of them."""
    chance = random.Random(number)
    pooling, lr, seed = POOLINGS[number % 3], LRS[number // 3 % 4], number // 12 % 5
    settings = {
        "dataset": {"name": "cifar100", "classes": ["apple", "aquarium_fish", "baby"]},
        "model": {"pooling": pooling},
        "training": {"lr": lr, "seed": seed},
    }
    experiment = Experiment.build(settings)
    day, second = divmod(number, 86_400)
    hour, minute, rest = second // 3600, second // 60 % 60, second % 60
    test, train = chance.uniform(0.75, 0.86), chance.uniform(0.85, 0.99)
    study = {
        "id": f"2026{1 + number // 60 % 12:02d}01-000000-{number // 60 & 0xFFFF:04x}",
        "name": f"study {number // 60}",
    }
    return {
        "format": 1,
        "id": f"202601{day + 1:02d}-{hour:02d}{minute:02d}{rest:02d}-{chance.randrange(1 << 16):04x}",
        "name": f"cifar100-3-{pooling}-s{seed}-{number}",
        "created": f"2026-01-{day + 1:02d}T{hour:02d}:{minute:02d}:{rest:02d}Z",
        "state": "finished",
        "study": {**study, "kind": "grid", "seeds": [0, 1, 2, 3, 4], "position": number % 60 + 1, "label": pooling},
        "tags": ["thesis"] if number % 7 == 0 else [],
        "note": "",
        "fingerprint": experiment.fingerprint,
        "request": {
            "device": "auto",
            "data_dir": "/data",
            "foreground": False,
            "queued_at": "2026-01-01T00:00:00.000Z",
        },
        "experiment": experiment.to_dict(),
        "environment": {
            **{"device": "cuda:0", "device_name": "NVIDIA H100 80GB HBM3", "torch": "2.13.0", "cuda": "13.0"},
            **{"python": "3.11.7", "platform": "linux", "cnnlab": "0.1.0", "commit": None, "threads": 1, "lanes": 1},
            **{"precision": "float32", "path": "cuda graph", "gpu_memory": None},
        },
        "summary": {
            **{"epochs_done": 500, "selected_epoch": chance.randrange(100, 501), "selected_on": "validation"},
            **{"train_accuracy": train, "validation_accuracy": test + 0.01, "test_accuracy": test},
            **{"train_loss": 1.1 - train, "validation_loss": 1.2 - test, "test_loss": 1.2 - test},
            **{"overfitting_gap": train - test, "loss_gap": train - test + 0.1, "lowest_validation_loss": 1.1 - test},
            **{"lowest_validation_loss_epoch": chance.randrange(100, 501), "seconds": chance.uniform(1, 90)},
            **{
                "images_per_second": chance.uniform(1e4, 1e6),
                "images": {"train": 1350, "validation": 150, "test": 300},
            },
            **{"parameters": 21_699, "multiply_adds": 1_334_016, "test_sha256": "ab" * 32},
        },
        "failure": None,
        "waiting": None,
    }
