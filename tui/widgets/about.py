"""What is known of the run under the cursor, below a rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.cells import PLAIN, Row
from tui.widgets.cell_lines import CellLines


class About(CellLines):
    """A rule and a few lines of clean text."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._texts: Callable[[int], Sequence[str]] = lambda width: ()

    def show(self, texts: Callable[[int], Sequence[str]]) -> None:
        """These lines, made for a width."""
        self._texts = texts
        self.show_rows(self._rows_for)

    def _rows_for(self, width: int, height: int) -> list[Row]:
        lines = [f" {text}" for text in self._texts(width - 1)]
        return [Row("─" * width, "a" * width), *(Row(line, PLAIN * len(line)) for line in lines)]
