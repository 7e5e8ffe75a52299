"""Two trained models on the same images: how many put right, how many spoilt. It says nothing of two settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from engine.comparison.member import Member
from engine.statistics import holm, mcnemar_exact

# Which images are in which split.
_DRAWN = ("dataset.validation", "dataset.split_seed", "dataset.train_fraction")
MOST_RUNS = 20  # above, every run is paired with the first one alone


def pair_models(members: Sequence[Member], split: str) -> list[dict[str, Any]]:
    """McNemar's exact test for pairs of runs that scored the same images."""
    pairs: Iterable[tuple[Member, Member]] = combinations(members, 2)
    if len(members) > MOST_RUNS:
        pairs = ((members[0], other) for other in members[1:])
    rows = [row for a, b in pairs if (row := pair_row(a, b, split))]
    for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = p
    return rows


def pair_row(a: Member, b: Member, split: str) -> dict[str, Any] | None:
    """`b` against `a`; None where they did not score the same images."""
    if not same_images(a, b, split) or split not in a.scored or split not in b.scored:
        return None
    ours, theirs = a.scored[split], b.scored[split]
    if not np.array_equal(ours.labels, theirs.labels):
        return None
    fixed, broken = int((~ours.right & theirs.right).sum()), int((ours.right & ~theirs.right).sum())
    row = {"a": a.id, "b": b.id, "split": split, "images": len(ours.labels), "fixed": fixed, "broken": broken}
    return {**row, "p": mcnemar_exact(fixed, broken)}


def same_images(a: Member, b: Member, split: str) -> bool:
    """The split holds the same images in both runs: the same test set, and for train and validation the same draw."""
    if a.test_sha256 is None or a.test_sha256 != b.test_sha256:
        return False
    if split == "test":
        return True
    return all(a.settings.get(key) == b.settings.get(key) for key in _DRAWN)
