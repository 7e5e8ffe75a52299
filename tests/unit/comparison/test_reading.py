"""A comparison as it is read: its columns, its dots, its files, and which runs it is of."""

from __future__ import annotations

import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.comparison import compare
from engine.comparison.dots import Dots, dot_lines, dots_of
from engine.comparison.fields import group_fields, pair_fields, run_fields, short_names
from engine.comparison.written import comparison_text
from engine.errors import RequestError
from engine.ordering import Order, ordered
from tests.unit.comparison.fakes import fake
from tui.compare.arrangement import Heights, arrange

TEST = {"stride": [0.80, 0.79, 0.81], "max": [0.83, 0.84, 0.82], "avg": [0.78, 0.80, 0.77]}


@pytest.fixture
def document() -> dict[str, Any]:
    return compare([fake(p, s, test=TEST[p][s], predictions=[0, 0, s % 2]) for s in range(3) for p in TEST])


def test_groups_are_sorted_by_what_is_read(document: dict[str, Any]) -> None:
    fields = group_fields(document, "test")
    assert [field.column.heading for field in fields][:4] == ["pooling", "n", "test %", "sd"]
    by_mean = ordered(document["groups"], fields, Order("mean"))
    assert [row["label"] for row in by_mean] == ["max", "stride", "avg"]
    reference = {field.key: field.text(document["groups"][0]) for field in fields}
    assert (reference["difference"], reference["p"]) == ("ref", "")
    assert [field.column.heading for field in group_fields(document, "validation")][2] == "val %"


def test_runs_have_what_differs_alone_and_their_best_epoch(document: dict[str, Any]) -> None:
    fields = run_fields(document, "test")
    assert [field.key for field in fields][1:3] == ["model.pooling", "training.seed"]
    cells = {field.key: field.text(document["runs"][0]) for field in fields}
    assert (cells["epoch"], cells["mean"]) == ("40", "80.0")
    seeds = ordered(document["runs"], fields, Order("training.seed"))
    assert [run["differs"]["training.seed"] for run in seeds] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_pairs_are_named_without_what_all_names_share(document: dict[str, Any]) -> None:
    assert short_names({"runs": [{"id": "1", "name": "abf-max-s0"}, {"id": "2", "name": "abf-max-s1"}]}) == {
        "1": "s0",
        "2": "s1",
    }
    assert short_names({"runs": [{"id": "1", "name": "same"}, {"id": "2", "name": "same"}]}) == {
        "1": "same",
        "2": "same",
    }
    fields = pair_fields(document)
    pair = {field.key: field.text(document["pairs"][0]) for field in fields}
    assert {"fixed", "broken", "net", "p", "p_holm"} <= pair.keys()


def test_every_seed_is_on_the_axis_and_several_on_one_cell_are_counted() -> None:
    rows = [Dots("max", [83.0, 83.0, 86.0], 84.0, 81.0, 87.0), Dots("stride", [80.0], 80.0, None, None)]
    first, second, axis = dot_lines(rows, 60)
    assert (first.count("2"), first.count("o"), first.count("+")) == (1, 1, 1)
    assert "---" in first
    assert (second.count("o"), second.count("+"), second.count("-")) == (1, 0, 0)
    assert "80" in axis
    assert "86" in axis
    assert axis.index("80") < axis.index("86")


def test_dots_are_those_of_the_split(document: dict[str, Any]) -> None:
    assert [dots.values for dots in dots_of(document, "test")][1] == [83.0, 84.0, 82.0]
    assert {value for dots in dots_of(document, "train") for value in dots.values} == {90.0}


@given(st.lists(st.lists(st.floats(0, 100), min_size=1, max_size=5), max_size=4), st.integers(5, 200))
def test_no_line_of_dots_is_wider_than_its_room(values: list[list[float]], width: int) -> None:
    rows = [Dots("漢字" * 20, found, sum(found) / len(found), None, None) for found in values]
    lines = dot_lines(rows, width)
    assert len(lines) in (0, len(values) + 1)
    assert all(len(line) <= width + 8 for line in lines)


@pytest.mark.parametrize("name", ["x.csv", "x.md", "x.HTML"])
def test_a_comparison_is_written_by_its_ending(document: dict[str, Any], name: str) -> None:
    text = comparison_text(document, name)
    assert "max" in text
    if name.endswith("HTML"):
        assert html.escape(document["best"]["reason"]) in text
    with pytest.raises(RequestError, match=r"'x\.doc' does not end in one of \.csv, \.md, \.html"):
        comparison_text(document, "x.doc")


def test_table_dots_words_and_chart_get_what_there_is() -> None:
    assert arrange("seeds", 19, table=4, dots=6, words=7) == Heights(4, 6, 0, "1fr")
    assert arrange("seeds", 10, table=4, dots=6, words=7).dots == 0
    assert arrange("seeds", 55, table=4, dots=6, words=7) == Heights(4, 6, "1fr", 8)
    assert arrange("seeds", 19, table=500, dots=0, words=9) == Heights(15, 0, 0, "1fr")
    assert arrange("runs", 19, table=4, dots=0, words=1) == Heights("1fr", 0, 0, 1)
    assert arrange("curves", 19, table=4, dots=0, words=3) == Heights(0, 0, "1fr", 3)
