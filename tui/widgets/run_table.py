"""The table of runs: draws the rows that are visible, keeps its cursor on its run, and repaints only what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.layout import fit_columns
from engine.listing import COLUMNS, run_cells
from engine.store import Run

_MARGIN = 2  # the mark, and the reference's sign


class RunTable(ScrollView, can_focus=True):
    """Rows of runs under headings.

    The columns fit the width; which go first on a narrow terminal is `engine.listing`'s to say.
    """

    DEFAULT_CSS = """
    RunTable { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"run-table--heading", "run-table--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, tooltip="A line down"),
        Binding("k,up", "move(-1)", "Up", show=False, tooltip="A line up"),
        Binding("g,home", "move(-1000000)", "First", show=False, tooltip="The first line"),
        Binding("G,end", "move(1000000)", "Last", show=False, tooltip="The last line"),
        Binding("ctrl+d,pagedown", "page(1)", "Page down", show=False, tooltip="A page down"),
        Binding("ctrl+u,pageup", "page(-1)", "Page up", show=False, tooltip="A page up"),
    ]

    class Moved(Message):
        """The cursor is on another run."""

        def __init__(self, run_id: str) -> None:
            super().__init__()
            self.run_id = run_id

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._runs: Sequence[Run] = ()
        self._lines: list[str] = []
        self._heading = ""
        self._signs: dict[str, str] = {}
        self.cursor = 0

    @property
    def run_id(self) -> str | None:
        """The run under the cursor."""
        return self._runs[self.cursor].id if self._runs else None

    def show(self, runs: Sequence[Run], marks: Sequence[str], reference: str | None, cursor: str | None) -> None:
        """These runs; the cursor stays on its run, and lines that did not change are not sent again."""
        kept = cursor or self.run_id
        self._runs = runs
        ids = [run.id for run in runs]
        self.cursor = ids.index(kept) if kept in ids else min(self.cursor, max(0, len(ids) - 1))
        self._signs = dict.fromkeys(marks, "x")
        if reference is not None:
            self._signs[reference] = "*"
        self._lay_out()

    def _lay_out(self) -> None:
        cells = [run_cells(run) for run in self._runs]
        fitted = fit_columns(COLUMNS, cells, max(20, self.size.width - _MARGIN - 1))
        heading = " " * _MARGIN + fitted.headings()
        lines = [
            f"{self._signs.get(run.id, ' ')} {fitted.line(row)}" for run, row in zip(self._runs, cells, strict=True)
        ]
        old, self._lines = self._lines, lines
        if heading != self._heading or len(old) != len(lines):
            self._heading = heading
            self.virtual_size = Size(self.size.width, len(lines) + 1)
            self.refresh()
            return
        for number, (before, after) in enumerate(zip(old, lines, strict=True)):
            if before != after:
                self._refresh_row(number)

    def _refresh_row(self, number: int) -> None:
        y = number + 1 - round(self.scroll_offset.y)
        if 1 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def on_resize(self) -> None:
        self._heading = ""
        self._lay_out()

    def render_line(self, y: int) -> Strip:
        """Line 0 is the heading, which does not scroll."""
        width = self.size.width
        if y == 0:
            return self._strip(self._heading, width, "run-table--heading")
        number = y - 1 + round(self.scroll_offset.y)
        if number >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        return self._strip(self._lines[number], width, "run-table--cursor" if number == self.cursor else "")

    def _strip(self, text: str, width: int, component: str) -> Strip:
        style = self.get_component_rich_style(component) if component else self.rich_style
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def action_move(self, by: int) -> None:
        self._go_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        self._go_to(self.cursor + by * max(1, self.size.height - 2))

    def on_click(self, event: object) -> None:
        y = getattr(event, "y", 0)
        if y > 0:
            self._go_to(y - 1 + round(self.scroll_offset.y))

    def _go_to(self, number: int) -> None:
        if not self._runs:
            return
        old, self.cursor = self.cursor, max(0, min(number, len(self._runs) - 1))
        if old == self.cursor:
            return
        self._refresh_row(old)
        self._refresh_row(self.cursor)
        top, rows = round(self.scroll_offset.y), max(1, self.size.height - 1)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + rows:
            self.scroll_to(y=self.cursor - rows + 1, animate=False)
        self.post_message(self.Moved(self._runs[self.cursor].id))
