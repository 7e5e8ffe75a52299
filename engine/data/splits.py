"""Stratified splits that stay the same for ever.

Rows are drawn with `numpy.random.RandomState`, whose stream numpy has promised never to change.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import Problem, SettingsError
from engine.text import clean

Rows = NDArray[np.int64]


def stratified(labels: Rows, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Rows to keep and rows to hold out, each in data-set order.

    Args:
        labels: int64 `[N]`.
        fraction: of each class to hold out, in (0, 1); at least one image, but never the only one.
        seed: fixes which.
    """
    random = np.random.RandomState(seed)
    held = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        count = min(max(1, round(len(rows) * fraction)), len(rows) - 1)
        held[random.permutation(rows)[:count]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def share(labels: Rows, fraction: float, seed: int) -> Rows:
    """Rows of a share of each class, at least one of each, in data-set order; a larger share holds a smaller one.

    Args:
        labels: int64 `[N]`.
        fraction: of each class, in (0, 1].
        seed: fixes which.
    """
    random = np.random.RandomState([seed, 1])  # another stream than that of the images held out
    kept = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        kept[rows[: max(1, round(len(rows) * fraction))]] = True
    return np.flatnonzero(kept)


def check_counts(counts: Sequence[int], classes: Sequence[str], *, needed: int, where: str) -> None:
    """Every class has `needed` images or more.

    Raises:
        SettingsError: naming each class that has not.
    """
    short = [(name, count) for name, count in zip(classes, counts, strict=True) if count < needed]
    if short:
        names = ", ".join(f"{clean(name)} has {count}" for name, count in short)
        images = "image" if needed == 1 else "images"
        message = f"every class needs at least {needed} {images} {where}; {names}; leave it out, or add images"
        raise SettingsError([Problem("dataset.classes", message)])
