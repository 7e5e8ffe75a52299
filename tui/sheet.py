"""What a table shows, and as lines of a width; without a widget."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engine.layout import GAP, Column, fit_columns
from engine.ordering import Field, Order

MARGIN = 2  # the cursor's sign, and the mark's
_UNLIMITED = 10_000


@dataclass(frozen=True)
class Sheet:
    """What a table shows. Its texts are made once, when they are first asked for.

    Args:
        fields: columns, in their order.
        rows: already in order; each is what the fields take.
        keys: one a row, what the row is.
        order: by which column they are sorted.
        marked: keys of rows with a mark.
        signs: a sign before a row, `*` of the reference, by key; a mark goes before it.
        footer: rows below a rule, which do not scroll.
        empty: what is said instead of rows.
    """

    fields: Sequence[Field[Any]] = ()
    rows: Sequence[Any] = ()
    keys: Sequence[Hashable] = ()
    order: Order = field(default_factory=Order)
    marked: Collection[Hashable] = ()
    signs: tuple[tuple[Hashable, str], ...] = ()
    footer: Sequence[Any] = ()
    empty: str = ""
    _laid_out: dict[int, SheetLines] = field(default_factory=dict, init=False, repr=False, compare=False)

    def in_cells(self, width: int) -> SheetLines:
        """The sheet in so many cells."""
        if width not in self._laid_out:
            self._laid_out.clear()
            self._laid_out[width] = SheetLines(self, width)
        return self._laid_out[width]

    @cached_property
    def cells(self) -> list[list[str]]:
        """The texts of every row."""
        return [[field.text(row) for field in self.fields] for row in self.rows]

    @cached_property
    def footer_cells(self) -> list[list[str]]:
        return [[field.text(row) for field in self.fields] for row in self.footer]

    @property
    def footer_height(self) -> int:
        return len(self.footer) + 1 if self.footer else 0

    @property
    def natural_height(self) -> int:
        """Lines that it needs to show everything."""
        return 1 + max(1, len(self.rows)) + self.footer_height

    @cached_property
    def natural_width(self) -> int:
        """Cells that it needs to show everything."""
        columns = [field.column for field in self.fields]
        widths = fit_columns(columns, [*self.cells, *self.footer_cells], _UNLIMITED).widths.values()
        return sum(widths) + len(GAP) * len(widths) + MARGIN + 2


class SheetLines:
    """A sheet in so many cells.

    Attributes:
        heading: the line above the rows.
        lines: one a row, from the mark's sign on; where there is no row, what is said instead.
        footer: a rule and the rows below it, from the mark's sign on.
        columns: keys of the columns that are shown.
    """

    def __init__(self, sheet: Sheet, width: int) -> None:
        self.sheet, self.width = sheet, width
        columns = [_with_sign(field, sheet.order) for field in sheet.fields]
        fitted = fit_columns(columns, [*sheet.cells, *sheet.footer_cells], max(20, width - MARGIN - 1))
        self._widths = fitted.widths
        self.heading = " " * MARGIN + fitted.headings()
        signs = dict(sheet.signs)
        signs |= {key: "X" if key in signs else "x" for key in sheet.marked}
        self.lines = [
            f"{signs.get(key, ' ')}{fitted.line(row)}" for key, row in zip(sheet.keys, sheet.cells, strict=True)
        ] or [f" {sheet.empty}"]
        rule = "- " * (width // 2 - 1)
        self.footer = [rule, *(f" {fitted.line(row)}" for row in sheet.footer_cells)] if sheet.footer else []
        self.columns = [sheet.fields[index].key for index in fitted.widths]

    def place_of(self, column: str | None) -> tuple[int, int] | None:
        """From which cell to which a column stands; None where it does not."""
        start = MARGIN
        for key, width in zip(self.columns, self._widths.values(), strict=True):
            if key == column:
                return start, start + width
            start += width + len(GAP)
        return None

    def column_at(self, x: int) -> str | None:
        """The column in this cell, its gaps included."""
        places = ((key, self.place_of(key)) for key in self.columns)
        return next((key for key, place in places if place and place[0] - 1 <= x <= place[1]), None)


def _with_sign(field: Field[Any], order: Order) -> Column:
    """The column, its heading with the sign of the order."""
    column, sign = field.column, order.sign(field.key)
    if not sign:
        return column
    heading = f"{sign}{column.heading}" if column.right else f"{column.heading} {sign}"
    return Column(heading, column.right, column.drop, column.least)
