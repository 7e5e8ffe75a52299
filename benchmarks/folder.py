"""A folder of many runs that were never trained, written fast: what the benchmarks of the screens look at."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_CLASSES = ("apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle")
_START = datetime(2026, 1, 1, tzinfo=UTC)
_POOLINGS = ("stride", "max", "avg")


def fill(root: Path, count: int, *, epochs: int = 20, seed: int = 0) -> None:
    """Finished runs in studies of nine, among them failed and stopped ones; the same folder for the same arguments."""
    chance = random.Random(seed)
    root.mkdir(parents=True)
    for number in range(count):
        made = _START + timedelta(minutes=7 * number)
        run_id = f"{made:%Y%m%d-%H%M%S}-{number % 65536:04x}"
        folder = root / run_id
        folder.mkdir()
        document = _document(run_id, made, number, epochs, chance)
        (folder / "run.json").write_text(json.dumps(document, indent=1))
        (folder / "history.jsonl").write_text("".join(_lines(epochs, document["summary"], chance)))
    (root / ".changed").touch()


def _document(run_id: str, made: datetime, number: int, epochs: int, chance: random.Random) -> dict[str, Any]:
    study, place = divmod(number, 9)
    pooling, run_seed = _POOLINGS[place % 3], place // 3
    classes = list(_CLASSES[study % 7 : study % 7 + 3])
    validation, train = chance.uniform(0.6, 0.9), chance.uniform(0.85, 0.99)
    state = "finished" if place < 7 else chance.choice(("finished", "stopped", "failed"))
    summary: dict[str, Any] | None = {
        "epochs_done": epochs,
        "selected_epoch": chance.randint(1, epochs),
        "selected_on": "validation",
        "train_accuracy": train,
        "validation_accuracy": validation,
        "test_accuracy": validation - 0.01,
        "train_loss": 0.165311326756825,
        "validation_loss": 0.16887628614505115,
        "test_loss": 0.13752308045548556,
        "overfitting_gap": train - validation + 0.01,
        "loss_gap": -0.027788246301339442,
        "lowest_validation_loss": 0.1688762903213501,
        "lowest_validation_loss_epoch": 3,
        "seconds": chance.uniform(20, 90),
        "images_per_second": chance.uniform(8000, 12000),
        "images": {"train": 1350, "validation": 150, "test": 300},
        "parameters": 21_699,
        "multiply_adds": 1_334_016,
        "test_sha256": f"{study % 7:064x}",
    }
    failure = None
    if state == "failed":
        summary, failure = None, {"kind": "diverged", "reason": "NaN loss, epoch 3, step 27"}
    return {
        "format": 1,
        "id": run_id,
        "name": f"{classes[0]}-{pooling} s{run_seed}",
        "created": f"{made:%Y-%m-%dT%H:%M:%SZ}",
        "state": state,
        "study": {
            "id": f"20260101-000000-{study % 65536:04x}",
            "name": f"pooling {study}",
            "kind": "pooling",
            "position": place + 1,
            "label": pooling,
            "seeds": [0, 1, 2],
        },
        "tags": ["course"] if study % 3 == 0 else [],
        "note": "",
        "fingerprint": f"{study % 500 * 3 + place % 3:016x}",
        "request": {"device": "cpu", "data_dir": None, "queued_at": f"{made:%Y-%m-%dT%H:%M:%SZ}", "foreground": False},
        "experiment": {
            "dataset": {
                "name": "cifar100",
                "classes": classes,
                "validation": 0.1,
                "split_seed": 0,
                "image_size": 32,
                "skip_broken": False,
            },
            "model": {"name": "lab", "pooling": pooling, "hidden_size": 32},
            "training": {
                "epochs": epochs,
                "batch_size": 128,
                "optimizer": "sgd",
                "lr": 0.005 * (1 + study % 4),
                "momentum": 0.0,
                "nesterov": False,
                "weight_decay": 0.0,
                "schedule": "constant",
                "seed": run_seed,
                "threads": 0,
            },
        },
        "environment": {
            "device": "cpu",
            "device_name": "AMD EPYC",
            "torch": "2.13.0+cpu",
            "cuda": None,
            "python": "3.11.7",
            "platform": "linux",
            "cnnlab": "0.1.0",
            "commit": "df361e7d77bd5f380ceb866c14ff08c37abf140c",
            "threads": 1,
            "lanes": 2,
        },
        "summary": summary,
        "failure": failure,
        "waiting": None,
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
