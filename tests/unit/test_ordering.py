"""Sorting by a column: the better end first, then the other way, then as the rows came."""

from __future__ import annotations

from engine.layout import Column
from engine.ordering import Field, Order, ordered

NUMBER: Field[dict[str, float | None]] = Field("n", Column("n"), lambda row: str(row["n"]), lambda row: row["n"])
LOSS: Field[dict[str, float | None]] = Field(
    "loss", Column("loss"), lambda row: "", lambda row: row["loss"], high_first=False
)
ROWS: list[dict[str, float | None]] = [
    {"n": 2.0, "loss": 0.5},
    {"n": None, "loss": 0.1},
    {"n": 3.0, "loss": 0.5},
    {"n": 1.0, "loss": None},
]


def sorted_by(order: Order) -> list[float | None]:
    return [row["n"] for row in ordered(ROWS, [NUMBER, LOSS], order)]


def test_the_better_end_comes_first_and_what_is_unknown_last_either_way() -> None:
    assert sorted_by(Order("n")) == [3, 2, 1, None]
    assert sorted_by(Order("n", turned=True)) == [1, 2, 3, None]
    assert sorted_by(Order("loss")) == [None, 2, 3, 1]


def test_pressing_the_key_sorts_turns_and_restores() -> None:
    order = Order().press("n")
    assert (order, order.sign("n"), order.sign("loss")) == (Order("n"), "v", "")
    order = order.press("n")
    assert (order, order.sign("n")) == (Order("n", turned=True), "^")
    assert order.press("loss") == Order("loss")
    assert order.press("n") == Order()


def test_without_a_column_the_rows_stay_as_they_came() -> None:
    assert sorted_by(Order()) == sorted_by(Order("a column that is not shown")) == [2, None, 3, 1]
