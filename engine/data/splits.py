"""Stratified splits that stay the same for ever.

Rows are drawn with `numpy.random.RandomState`, whose stream numpy has promised never to change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import Problem, SettingsError
from engine.text import clean

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class SplitSizes:
    """Images of each split."""

    train: int
    validation: int
    test: int


def held_out(images: int, fraction: float) -> int:
    """How many of a class are held out: at least one image, but never the only one."""
    return min(max(1, round(images * fraction)), images - 1)


def shared(images: int, fraction: float) -> int:
    """How many of a class a share of the training images has: at least one."""
    return images if fraction >= 1 else max(1, round(images * fraction))


def split_sizes(
    train: Sequence[int],
    test: Sequence[int],
    classes: Sequence[str],
    validation: float | str,
    train_fraction: float = 1.0,
) -> SplitSizes:
    """What the splits will hold, from counts alone.

    Args:
        train, test: images of each chosen class, before any is held out.
        validation: fraction of train, or `test`.
        train_fraction: share of the training images that is used.

    Raises:
        SettingsError: naming each class that has too few.
    """
    holds_out = validation not in (0, "test")
    check_counts(train, classes, needed=2 if holds_out else 1, where="for training")
    check_counts(test, classes, needed=1, where="for test")
    held = [held_out(count, float(validation)) if holds_out else 0 for count in train]
    kept = [shared(count - out, train_fraction) for count, out in zip(train, held, strict=True)]
    return SplitSizes(sum(kept), sum(test) if validation == "test" else sum(held), sum(test))


def stratified(labels: Rows, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Rows to keep and rows to hold out, each in data-set order.

    Args:
        labels: int64 `[N]`.
        fraction: of each class to hold out, in (0, 1); as `held_out`.
        seed: fixes which.
    """
    random = np.random.RandomState(seed)
    held = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        held[random.permutation(rows)[: held_out(len(rows), fraction)]] = True
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
        kept[rows[: shared(len(rows), fraction)]] = True
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
