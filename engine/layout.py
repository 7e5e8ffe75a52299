"""Columns of text that fit a width: which are shown, and how wide; the same on the command line and on the screen."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

GAP = "  "


@dataclass(frozen=True)
class Column:
    """A column.

    Args:
        right: numbers stand to the right.
        drop: where there is no room, columns go in the order of this number; 0: it stays.
        least: its cells may be cut to this width, before a column goes; 0: they are never cut.
    """

    heading: str
    right: bool = False
    drop: int = 0
    least: int = 0


@dataclass(frozen=True)
class Fitted:
    """Columns that are shown, by index, with their widths."""

    columns: Sequence[Column]
    widths: dict[int, int]

    def line(self, cells: Sequence[str]) -> str:
        """One row, padded and cut."""
        fitted = (fit(cells[i], width, right=self.columns[i].right) for i, width in self.widths.items())
        return GAP.join(fitted).rstrip()

    def headings(self) -> str:
        return self.line([column.heading for column in self.columns])


def fit_columns(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> Fitted:
    """The widest layout of these rows that fits into `room` cells, if one does."""
    shown = list(range(len(columns)))
    widths = [max(text_width(columns[i].heading), *(text_width(row[i]) for row in rows), 0) for i in shown]
    while True:
        excess = sum(widths[i] + len(GAP) for i in shown) - len(GAP) - room
        slack = sum(max(0, widths[i] - columns[i].least) for i in shown if columns[i].least)
        droppable = [i for i in shown if columns[i].drop]
        if excess <= slack or not droppable:
            break
        shown.remove(min(droppable, key=lambda i: columns[i].drop))
    for i in sorted((i for i in shown if columns[i].least), key=lambda i: -widths[i]):
        cut = min(max(0, excess), max(0, widths[i] - columns[i].least))
        widths[i] -= cut
        excess -= cut
    return Fitted(columns, {i: widths[i] for i in shown})


def table_lines(columns: Sequence[Column], rows: Iterable[Sequence[str]], width: int) -> list[str]:
    """Headings and rows; cells must be clean."""
    table = [list(row) for row in rows]
    fitted = fit_columns(columns, table, width)
    return [fitted.headings(), *map(fitted.line, table)]


def wrapped(text: str, width: int, most: int = 120) -> list[str]:
    """A sentence over several lines, those after the first indented."""
    import textwrap

    wide = max(20, min(width, most))
    return textwrap.wrap(text, wide, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def telling_width(texts: Sequence[str]) -> int:
    """The cells from which on different texts, cut by `fit`, are still different; 0 where they all are one."""
    different = sorted(set(texts))
    longest = max(map(text_width, different), default=0)
    if len(different) < 2:
        return 0
    widths = range(1, longest + 1)
    return next((width for width in widths if len({fit(text, width) for text in different}) == len(different)), longest)


def text_width(text: str) -> int:
    """Cells that a terminal needs for a text: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` cells: padded, or cut with an ellipsis."""
    if text_width(text) > width:
        kept = ""
        for character in text:
            if text_width(kept + character) > width - 1:
                break
            kept += character
        text = kept + "…"
    padding = " " * (width - text_width(text))
    return padding + text if right else text + padding


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
