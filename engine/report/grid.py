"""A confusion matrix as cells of text: names, numbers or shares, whichever fit the width."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.layout import fit, text_width
from engine.report.confusion import Confusion
from engine.text import clean

_LABEL, _SHORT_LABEL = 24, 12  # cells of a row's name: at most, and when room is scarce
_HEADING = 6  # a column's name is cut to no less than this
_CORNER = "true \\ said"


@dataclass(frozen=True)
class Grid:
    """How a matrix is drawn.

    Args:
        label: cells of a row's name.
        cell: cells of a column, its gap included.
        numbered: columns are headed by numbers, which the rows have before their names.
        shares: percent of the row's images instead of counts.
        brackets: right ones stand in brackets.
        room: columns that fit.
    """

    label: int
    cell: int
    numbered: bool
    shares: bool
    brackets: bool
    room: int

    def heading(self, confusion: Confusion, first: int) -> tuple[str, list[str]]:
        """The corner, and the headings of the columns from `first` on."""
        corner = fit(f"{_CORNER}, %" if self.shares else _CORNER, self.label)
        names = confusion.columns[first : first + self.room]
        if self.numbered:
            return corner, [str(first + n).rjust(self.cell) for n in range(1, len(names) + 1)]
        return corner, [" " + fit(clean(name), self.cell - 1, right=True) for name in names]

    def row(self, confusion: Confusion, number: int, first: int) -> tuple[str, list[str]]:
        """The name of a row, and its cells from column `first` on."""
        name = clean(confusion.rows[number])
        if self.numbered:
            name = f"{number + 1:>{len(str(len(confusion.rows)))}} {name}"
        return fit(name, self.label), [cell.rjust(self.cell) for cell in self._cells(confusion, number, first)]

    def _cells(self, confusion: Confusion, number: int, first: int) -> Iterator[str]:
        images = max(1, int(confusion.images[number]))
        for column in range(first, min(first + self.room, len(confusion.columns))):
            count = int(confusion.counts[number, column])
            text = f"{100 * count / images:.0f}" if self.shares and count else str(count)
            if confusion.rows[number] == confusion.columns[column]:
                yield f"[{text}]" if self.brackets else text
            else:
                yield text if count or self.brackets else "."


def fit_grid(confusion: Confusion, width: int) -> Grid:
    """The most readable grid of these that needs no more than `width` cells; else one that is scrolled."""
    columns = max(1, len(confusion.columns))
    longest = min(_LABEL, max([text_width(clean(name)) for name in confusion.rows], default=1))
    heading = max([text_width(clean(name)) for name in confusion.columns], default=1)
    digits = len(str(confusion.counts.max(initial=0)))
    number = len(str(columns))
    for cell, numbered, shares, brackets in (
        (max(heading, digits + 2) + 2, False, False, True),
        (max(min(heading, _HEADING + 4), digits + 2) + 2, False, False, True),
        (max(min(heading, _HEADING), digits + 2) + 1, False, False, True),
        (max(number, digits + 2) + 1, True, False, True),
        (max(number, digits) + 1, True, False, False),
        (max(number, 2) + 1, True, True, False),
    ):
        full = max(text_width(_CORNER), longest + (number + 1 if numbered else 0))
        label = min(full, width - columns * cell)
        if label >= min(full, _SHORT_LABEL + (number + 1 if numbered else 0)):
            return Grid(label, cell, numbered, shares, brackets, columns)
    label, cell = min(longest, _SHORT_LABEL) + number + 1, max(number, digits) + 1
    return Grid(label, cell, True, False, False, max(1, (width - label) // cell))
