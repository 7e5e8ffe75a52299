"""Tables of text: as wide as they must be, and on a terminal no wider than it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from engine.cli.output import print_line
from engine.layout import Column, fit_columns

_UNLIMITED = 10_000


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their headings; cells must be clean."""
    table = [list(row) for row in rows]
    fitted = fit_columns(columns, table, line_width())
    print_line(fitted.headings())
    for row in table:
        print_line(fitted.line(row))


def line_width() -> int:
    """Characters of a line: those of the terminal, or `COLUMNS`; without either a line is as long as it must be."""
    if os.environ.get("COLUMNS", "").isdecimal():
        return max(20, int(os.environ["COLUMNS"]))
    try:
        return max(20, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):
        return _UNLIMITED
