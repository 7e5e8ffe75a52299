"""The ladder: from the laboratory network up, one understood change at a time, each measured against the rung below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.configuration import Settings, merge, nest


@dataclass(frozen=True)
class Rung:
    """One change.

    Args:
        label: a word or three, for tables.
        description: what it changes and why it may help; one line.
        changes: settings by dotted name, on top of all rungs below.
    """

    label: str
    description: str
    changes: Mapping[str, Any]


RUNGS = (
    Rung("lab", "the laboratory network and its 500 epochs at a small constant rate", {}),
    Rung(
        "one-cycle",
        "momentum and a rate that rises and falls: as far in 30 epochs of smaller batches",
        {
            "training.momentum": 0.9,
            "training.nesterov": True,
            "training.schedule": "one_cycle",
            "training.lr": 0.05,
            "training.weight_decay": 5e-4,
            "training.batch_size": 32,
            "training.epochs": 30,
        },
    ),
    Rung("batch norm", "normalises each channel over the batch after every convolution", {"model.name": "lab-bn"}),
    Rung(
        "flips and shifts",
        "never the same image twice: mirrored in every other epoch, moved by up to 4 pixels",
        {"training.flips": "alternating", "training.shift": 4},
    ),
    Rung(
        "deeper",
        "four convolutions that look at every pixel, 16 to 128 filters, instead of two",
        {"model.name": "lab-deep", "model.hidden_size": 16},
    ),
    Rung(
        "global pooling",
        "the last layer sees the maximum of each channel, wherever in the image it lies",
        {"model.name": "lab-global"},
    ),
    Rung(
        "residual blocks",
        "two blocks of two convolutions whose input is added to their output",
        {"model.name": "resnet9"},
    ),
    Rung(
        "label smoothing",
        "a tenth of the target is shared by all classes, so that no logit has to grow for ever",
        {"training.label_smoothing": 0.1},
    ),
    Rung("averaged weights", "scores the average of the weights over about the last 50 steps", {"training.ema": 0.98}),
    Rung("test-time flips", "averages the logits of an image and its mirror image", {"training.test_flips": True}),
    Rung("cutout", "blanks a square of 8 pixels in each image", {"training.cutout": 8}),
    Rung("width", "half as many filters again", {"model.hidden_size": 24}),
)


def climb(given: Settings, rungs: Iterable[Rung] = RUNGS) -> list[tuple[Rung, Settings]]:
    """The settings of every rung.

    Args:
        given: a user's settings: they hold on every rung, whatever it changes; a rung that is left without a
            change is left out.
    """
    fixed = {f"{section}.{key}" for section, values in given.items() for key in values}
    found: list[tuple[Rung, Settings]] = []
    settings: Settings = {}
    for rung in rungs:
        changes = {field: value for field, value in rung.changes.items() if field not in fixed}
        if rung.changes and not changes:
            continue
        settings = merge(settings, nest(changes))
        found.append((rung, merge(settings, given)))
    return found
