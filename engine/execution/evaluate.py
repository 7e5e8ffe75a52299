"""The end of a training: every split scored with the selected weights, and what comes of it in the folder."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import torch

from engine.data import ImageDataset
from engine.evaluation import make_report
from engine.events import Evaluated, Event
from engine.execution.room import Room
from engine.store import RunOwner
from engine.store.files import replace_file
from engine.store.layout import BEST
from engine.training.checkpoint import encode
from engine.training.device import switched
from engine.training.scoring import Scored, score_split
from engine.training.trainer import Trainer


def evaluate(
    owner: RunOwner, trainer: Trainer, dataset: ImageDataset, device: torch.device, room: Room
) -> Generator[Event, None, dict[str, Scored]]:
    """Score every split with the selected weights; predictions, report and weights go into the folder."""
    room.update(state="evaluating")
    weights = trainer.selection.state_dict()
    trainer.scored.load_state_dict(weights)
    selected = {"selected_epoch": int(trainer.selection.epoch), "selected_on": dataset.selected_on}
    on_cpu = {name: tensor.cpu().contiguous() for name, tensor in weights.items()}
    best = encode(on_cpu, selected)
    room.write(lambda: replace_file(owner.run.path / BEST, best))
    scored: dict[str, Scored] = {}
    reports: dict[str, dict[str, Any]] = {}
    splits = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    for name, split in splits.items():
        if len(split.labels):
            with switched(device):  # reports are exact whatever trained
                scored[name] = score_split(trainer.scored, split, device)
            reports[name] = make_report(scored[name].labels, scored[name].predictions, dataset.classes)
            yield Evaluated(name, reports[name])
    arrays = {
        f"{name}.{part}": getattr(result, part)
        for name, result in scored.items()
        for part in ("labels", "predictions", "confidence")
    }
    report = {"format": 1, "classes": list(dataset.classes), **selected, "splits": reports}
    room.write(lambda: owner.write_predictions({**arrays, "test.logits": scored["test"].logits}))
    room.write(lambda: owner.write_report(report))
    return scored
