"""A matrix as text: readable at three classes, at twenty superclasses and at a hundred classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.layout import text_width
from engine.report.confusion import Confusion
from engine.report.grid import Grid, fit_grid


def confusion(classes: int, most: int = 100, name: str = "class {}") -> Confusion:
    random = np.random.default_rng(classes)
    counts: Any = random.integers(0, most, (classes, classes))
    names = [name.format(k) for k in range(classes)]
    return Confusion.of({"classes": names, "confusion": counts.tolist()})


def lines(matrix: Confusion, grid: Grid, first: int = 0) -> list[str]:
    rows = [grid.heading(matrix, first), *(grid.row(matrix, n, first) for n in range(len(matrix.rows)))]
    return [label + "".join(cells) for label, cells in rows]


def test_a_few_classes_have_their_names_and_what_is_right_stands_in_brackets() -> None:
    matrix = Confusion.of({"classes": ["apple", "baby"], "confusion": [[88, 12], [0, 100]]})
    assert lines(matrix, fit_grid(matrix, 40)) == [
        "true \\ said  apple   baby",
        "apple         [88]     12",
        "baby             0  [100]",
    ]


def test_twenty_superclasses_fit_eighty_columns_as_shares_and_more_columns_as_counts() -> None:
    matrix = confusion(20, 500, "a superclass with number {}")
    narrow, wide = fit_grid(matrix, 78), fit_grid(matrix, 118)
    assert (narrow.shares, narrow.room) == (True, 20)
    assert (wide.shares, wide.room) == (False, 20)
    assert all(len(line) <= 78 for line in lines(matrix, narrow))
    assert lines(matrix, narrow)[1].startswith(" 1 a superclass")


def test_a_hundred_classes_scroll() -> None:
    matrix = confusion(100)
    grid = fit_grid(matrix, 78)
    assert (grid.numbered, grid.shares) == (True, False)
    assert 10 < grid.room < 100
    assert lines(matrix, grid, first=90)[0].split()[-1] == "100"


@given(st.integers(1, 30), st.integers(20, 200), st.sampled_from(["{}", "漢字{}", "a\x1b[31m{}", "x" * 90 + "{}"]))
def test_no_line_is_wider_than_its_room(classes: int, width: int, name: str) -> None:
    matrix = confusion(classes, 1000, name)
    grid = fit_grid(matrix, width)
    assert grid.room >= 1
    if grid.label + grid.cell <= width:
        assert all(text_width(line) <= width for line in lines(matrix, grid))
