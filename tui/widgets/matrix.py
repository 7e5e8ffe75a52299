"""A confusion matrix with a cursor on one cell; it scrolls both ways under its headings."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.layout import text_width
from engine.report.confusion import Confusion
from engine.report.grid import Grid, fit_grid

_MOST = 400
_MARGIN = 2  # the cursor's sign, and the scrollbar
_OFTEN = 0.1  # a mistake of this share of its class stands out


class Matrix(ScrollView, can_focus=True):
    """Rows true, columns said."""

    DEFAULT_CSS = """
    Matrix { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden; overflow-y: auto; }
    Matrix > .matrix--heading { text-style: bold; }
    Matrix > .matrix--right { color: $text-success; }
    Matrix > .matrix--often { color: $text-warning; text-style: bold; }
    Matrix > .matrix--never { color: $text-muted; }
    Matrix > .matrix--cursor { text-style: reverse; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "matrix--heading",
        "matrix--right",
        "matrix--often",
        "matrix--never",
        "matrix--cursor",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1, 0)", "Down", show=False, tooltip="A true class down"),
        Binding("k,up", "move(-1, 0)", "Up", show=False, tooltip="A true class up"),
        Binding("h,left", "move(0, -1)", "Left", show=False, tooltip="The said class before"),
        Binding("l,right", "move(0, 1)", "Right", show=False, tooltip="The next said class"),
        Binding("g,home", "move(-1000000, 0)", "First", show=False, tooltip="The first true class"),
        Binding("G,end", "move(1000000, 0)", "Last", show=False, tooltip="The last true class"),
        Binding("ctrl+d,pagedown", "page(1)", "Page down", show=False, tooltip="A page down"),
        Binding("ctrl+u,pageup", "page(-1)", "Page up", show=False, tooltip="A page up"),
    ]

    class Moved(Message):
        """The cursor is on another cell."""

    class Chosen(Message):
        """A cell was clicked twice."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        none = np.zeros((0, 0), dtype=np.int64)
        self._confusion = Confusion((), (), none, none.sum(1))
        self._grid: Grid = fit_grid(self._confusion, 20)
        self._cursor = (0, 0)
        self._first = 0  # column

    @property
    def cell(self) -> tuple[str, str] | None:
        """The true and the said class under the cursor."""
        confusion, (row, column) = self._confusion, self._cursor
        if not confusion.rows or not confusion.columns:
            return None
        return confusion.rows[row], confusion.columns[column]

    @property
    def least_size(self) -> tuple[int, int]:
        """Cells and lines that it needs to show all of its columns and rows."""
        width, columns = _MARGIN, len(self._confusion.columns)
        while width < _MOST and fit_grid(self._confusion, width).room < columns:
            width += 1
        return width + _MARGIN, len(self._confusion.rows) + 1

    def show(self, confusion: Confusion) -> None:
        """This matrix; the cursor stays on its classes, and begins on the most frequent mistake."""
        if confusion is self._confusion:
            return
        cell = self.cell
        self._confusion = confusion
        if cell is None or cell[0] not in confusion.rows or cell[1] not in confusion.columns:
            worst = next(iter(confusion.pairs()), None)
            cell = (worst.true, worst.said) if worst else None
        self._cursor = (confusion.rows.index(cell[0]), confusion.columns.index(cell[1])) if cell else (0, 0)
        self._lay_out()

    def go_to(self, cell: tuple[str, str]) -> None:
        """Put the cursor on a cell, if it is there."""
        if cell[0] in self._confusion.rows and cell[1] in self._confusion.columns:
            self._go(self._confusion.rows.index(cell[0]), self._confusion.columns.index(cell[1]))

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        self._grid = fit_grid(self._confusion, max(20, self.size.width - _MARGIN))
        self.virtual_size = Size(self.size.width, len(self._confusion.rows) + 1)
        self._reveal()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Line 0 is the heading, which does not scroll."""
        if y == 0:
            corner, names = self._grid.heading(self._confusion, self._first)
            return self._strip(
                [Segment(f" {corner}{''.join(names)}", self.get_component_rich_style("matrix--heading"))]
            )
        row = y - 1 + round(self.scroll_offset.y)
        if row >= len(self._confusion.rows):
            return self._strip([])
        label, cells = self._grid.row(self._confusion, row, self._first)
        sign = ">" if row == self._cursor[0] else " "
        segments = [Segment(f"{sign}{label}", self.rich_style)]
        for column, text in enumerate(cells, self._first):
            bare = text.lstrip()
            segments.append(Segment(text[: len(text) - len(bare)], self.rich_style))
            name = self._style_of(row, column)
            segments.append(Segment(bare, self.get_component_rich_style(name) if name else self.rich_style))
        return self._strip(segments)

    def _style_of(self, row: int, column: int) -> str:
        confusion = self._confusion
        count, images = int(confusion.counts[row, column]), int(confusion.images[row])
        if (row, column) == self._cursor and self.has_focus:
            return "matrix--cursor"
        if confusion.rows[row] == confusion.columns[column]:
            return "matrix--right"
        if not count:
            return "matrix--never"
        return "matrix--often" if count >= _OFTEN * images else ""

    def _strip(self, segments: list[Segment]) -> Strip:
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def action_move(self, down: int, right: int) -> None:
        self._go(self._cursor[0] + down, self._cursor[1] + right)

    def action_page(self, by: int) -> None:
        self._go(self._cursor[0] + by * max(1, self.size.height - 2), self._cursor[1])

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        label = text_width(self._grid.heading(self._confusion, 0)[0]) + 1
        row, column = event.y - 1 + round(self.scroll_offset.y), self._first + (event.x - label) // self._grid.cell
        if event.y > 0 and event.x >= label and row < len(self._confusion.rows):
            self._go(row, column)
            if event.chain == 2:
                self.post_message(self.Chosen())

    def _go(self, row: int, column: int) -> None:
        confusion = self._confusion
        if not confusion.rows or not confusion.columns:
            return
        old, first = self._cursor, self._first
        self._cursor = max(0, min(row, len(confusion.rows) - 1)), max(0, min(column, len(confusion.columns) - 1))
        if old != self._cursor:
            self._reveal()
            if first != self._first:
                self.refresh()
            for number in {old[0], self._cursor[0]}:
                self.refresh(Region(0, number + 1 - round(self.scroll_offset.y), self.size.width, 1))
            self.post_message(self.Moved())

    def _reveal(self) -> None:
        row, column = self._cursor
        if not self._first <= column < self._first + self._grid.room:
            self._first = max(0, column - self._grid.room // 2)
        self._first = min(self._first, max(0, len(self._confusion.columns) - self._grid.room))
        top, rows = round(self.scroll_offset.y), max(1, self.size.height - 1)
        if row < top:
            self.scroll_to(y=row, animate=False)
        elif row >= top + rows:
            self.scroll_to(y=row - rows + 1, animate=False)
