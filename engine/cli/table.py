"""Tables of text: as wide as they must be, and on a terminal no wider than it is."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.cli.output import print_line

_GAP = "  "
_UNLIMITED = 10_000


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


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their headings; cells must be clean."""
    table = [[column.heading for column in columns], *map(list, rows)]
    shown = list(range(len(columns)))
    widths = [max(text_width(row[index]) for row in table) for index in shown]
    room = line_width()
    while True:
        excess = sum(widths[index] + len(_GAP) for index in shown) - len(_GAP) - room
        slack = sum(max(0, widths[index] - columns[index].least) for index in shown if columns[index].least)
        droppable = [index for index in shown if columns[index].drop]
        if excess <= slack or not droppable:
            break
        shown.remove(min(droppable, key=lambda index: columns[index].drop))
    for index in sorted((i for i in shown if columns[i].least), key=lambda i: -widths[i]):
        cut = min(max(0, excess), max(0, widths[index] - columns[index].least))
        widths[index] -= cut
        excess -= cut
    for row in table:
        cells = [_fit(row[index], widths[index], right=columns[index].right) for index in shown]
        print_line(_GAP.join(cells).rstrip())


def line_width() -> int:
    """Characters of a line: those of the terminal, or `COLUMNS`; without either a line is as long as it must be."""
    if os.environ.get("COLUMNS", "").isdecimal():
        return max(20, int(os.environ["COLUMNS"]))
    try:
        return max(20, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):
        return _UNLIMITED


def text_width(text: str) -> int:
    """Cells that a terminal needs for a text: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fit(text: str, width: int, *, right: bool) -> str:
    if text_width(text) > width:
        kept = ""
        for character in text:
            if text_width(kept + character) > width - 1:
                break
            kept += character
        text = kept + "…"
    padding = " " * (width - text_width(text))
    return padding + text if right else text + padding
