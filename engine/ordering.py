"""Columns that know how their rows are sorted: the better end first, then the other way, then as they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine.layout import Column

R = TypeVar("R")


@dataclass(frozen=True)
class Field(Generic[R]):
    """One column over rows.

    Args:
        key: its name, once a table.
        column: heading and layout.
        text: a row's cell, clean.
        value: what it is sorted by: a number or a text; None comes last either way.
        high_first: the better end is the high one.
    """

    key: str
    column: Column
    text: Callable[[R], str]
    value: Callable[[R], float | str | None]
    high_first: bool = True


@dataclass(frozen=True)
class Order:
    """By which column rows are sorted; no key: as they came."""

    key: str | None = None
    turned: bool = False

    def press(self, key: str) -> Order:
        """What the sort key makes of it on this column."""
        if key != self.key:
            return Order(key)
        return Order() if self.turned else Order(key, turned=True)

    def sign(self, key: str) -> str:
        """Beside the heading of the sorted column; in ASCII, as every terminal shows it."""
        if key != self.key:
            return ""
        return "^" if self.turned else "v"


def ordered(rows: Sequence[R], fields: Sequence[Field[R]], order: Order) -> list[R]:
    """The rows in this order; equal ones stay as they came. A key that these columns do not have changes nothing."""
    field = next((field for field in fields if field.key == order.key), None)
    if field is None:
        return list(rows)
    known = [row for row in rows if field.value(row) is not None]
    unknown = [row for row in rows if field.value(row) is None]
    known.sort(key=field.value, reverse=field.high_first != order.turned)  # type: ignore[arg-type]
    return [*known, *unknown]
