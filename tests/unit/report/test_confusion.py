"""Confusion matrices: pairs, parts and groups keep their counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.report.confusion import Confusion, Pair

NAMES = ["apple", "pear", "trout", "shark"]
GROUPS = {"fruit": ("apple", "pear"), "fish": ("trout", "shark")}
COUNTS = [[7, 2, 1, 0], [3, 6, 0, 1], [0, 0, 5, 5], [0, 1, 2, 7]]


def document(counts: list[list[int]] = COUNTS, names: list[str] = NAMES) -> dict[str, Any]:
    return {"classes": names, "confusion": counts}


def test_the_most_confused_pairs_come_first_with_the_way_back() -> None:
    pairs = Confusion.of(document()).pairs()
    assert pairs[:3] == [
        Pair("trout", "shark", 5, 10, 2),
        Pair("pear", "apple", 3, 10, 2),
        Pair("apple", "pear", 2, 10, 3),
    ]
    assert pairs[0].share == 0.5
    assert len(pairs) == 7


def test_groups_are_folded_and_opened_again_to_their_classes() -> None:
    whole = Confusion.of(document())
    folded = whole.fold(GROUPS)
    assert folded.rows == folded.columns == ("fruit", "fish")
    assert folded.counts.tolist() == [[18, 2], [1, 19]]
    assert folded.images.tolist() == [20, 20]
    opened = whole.part(GROUPS["fruit"], GROUPS["fish"])
    assert (opened.rows, opened.columns) == (("apple", "pear"), ("trout", "shark"))
    assert opened.counts.tolist() == [[1, 0], [0, 1]]
    assert opened.images.tolist() == [10, 10]
    assert [(pair.true, pair.said, pair.reverse) for pair in opened.pairs()] == [
        ("apple", "trout", 0),
        ("pear", "shark", 0),
    ]


def test_a_class_in_no_group_is_its_own() -> None:
    folded = Confusion.of(document()).fold({"fruit": ("apple", "pear")})
    assert folded.rows == ("fruit", "trout", "shark")


@given(st.integers(1, 6), st.integers(0, 10_000))
def test_no_image_is_lost_in_groups_or_pairs(classes: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    names = [f"class {k}" for k in range(classes)]
    counts = random.integers(0, 4, (classes, classes))
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(f"group {random.integers(3)}", []).append(name)
    whole = Confusion.of(document(counts.tolist(), names))
    folded = whole.fold(groups)
    assert folded.counts.sum() == counts.sum() == folded.images.sum()
    assert sum(pair.count for pair in whole.pairs()) == counts.sum() - np.trace(counts)
