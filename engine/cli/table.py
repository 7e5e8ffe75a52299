"""Tables of text: as wide as they must be, and on a terminal no wider than it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from engine.cli.output import encodable, print_line
from engine.layout import Column, table_lines

_UNLIMITED = 10_000


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their headings; cells must be clean."""
    print_lines(table_lines(columns, [[*map(encodable, row)] for row in rows], line_width()))


def print_comparison(document: dict[str, Any]) -> None:
    """The document of `compare`, for a reader."""
    from engine.comparison.lines import comparison_lines

    print_lines(comparison_lines(document, line_width()))


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print_line(line)


def line_width() -> int:
    """Characters of a line: those of the terminal, or `COLUMNS`; without either a line is as long as it must be."""
    if os.environ.get("COLUMNS", "").isdecimal():
        return max(20, int(os.environ["COLUMNS"]))
    try:
        return max(20, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):
        return _UNLIMITED
