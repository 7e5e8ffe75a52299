"""The table of runs: draws the rows that are visible, keeps its cursor on its run, and repaints only what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from engine.layout import fit, text_width
from engine.store import Run
from tui.listing import cells
from tui.listing.cells import Row
from tui.listing.columns import GAP, Placed, RunColumn, place
from tui.selection import Selection
from tui.widgets.painted import Line, changed_cells, strip_of

_WHEEL = 3  # rows
_MARGIN = 3  # the cursor's sign, the mark, the reference's sign
_TONES = {
    **dict.fromkeys(("starting", "training", "evaluating"), "run-table--live"),
    **dict.fromkeys(("queued", "paused", "interrupted"), "run-table--waits"),
    **dict.fromkeys(("failed", "damaged"), "run-table--wrong"),
}


@dataclass(frozen=True)
class Look:
    """How the rows are shown.

    Args:
        columns: those of the view.
        row: makes what the cells of a run need; called for visible rows only.
        has_settings: the columns are settings, which a run without numbers has, too.
    """

    columns: Sequence[RunColumn] = ()
    row: Callable[[Run], Row] = Row
    has_settings: bool = False


class RunTable(Widget, can_focus=True):
    """Rows of runs under headings. It scrolls itself: a new number of rows lays nothing out anew.

    Args:
        selection: the cursor's run, the marks, the reference and the order. The table's keys move its cursor at once,
            so that runs which arrive between a key and its message find it where the key has put it.
    """

    DEFAULT_CSS = "RunTable > .run-table--thumb { background: $foreground 30%; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "run-table--heading", "run-table--column", "run-table--cursor",
        "run-table--live", "run-table--waits", "run-table--wrong", "run-table--thumb",
    }  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, tooltip="A run down"),
        Binding("k,up", "move(-1)", "Up", show=False, tooltip="A run up"),
        Binding("h,left", "column(-1)", "Left", show=False, tooltip="The column to the left, for s"),
        Binding("l,right", "column(1)", "Right", show=False, tooltip="The column to the right, for s"),
        Binding("g,home", "move(-1000000)", "First", show=False, tooltip="The first run"),
        Binding("G,end", "move(1000000)", "Last", show=False, tooltip="The last run"),
        Binding("ctrl+d,pagedown", "page(1)", "Page down", show=False, tooltip="A page down"),
        Binding("ctrl+u,pageup", "page(-1)", "Page up", show=False, tooltip="A page up"),
    ]

    class Moved(Message):
        """The cursor is on another run, and so is the selection's."""

    class HeadingClicked(Message):
        """Somebody wants the runs by this column."""

        def __init__(self, column: RunColumn) -> None:
            super().__init__()
            self.column = column

    class InView(Message):
        """Other runs than before can be seen."""

        def __init__(self, runs: Sequence[Run]) -> None:
            super().__init__()
            self.runs = runs

    def __init__(self, selection: Selection, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._selection = selection
        self._runs: Sequence[Run] = ()
        self._look = Look()
        self._placed: list[Placed] = []
        self._column = ""  # the heading of the column under the cursor
        self._painted: dict[int, Line] = {}
        self._in_view: list[str] = []
        self._top = 0  # the first row that can be seen
        self.cursor = 0

    @property
    def run(self) -> Run | None:
        """The run under the cursor."""
        return self._runs[self.cursor] if self._runs else None

    @property
    def column(self) -> RunColumn | None:
        """The column under the cursor."""
        return next((placed.column for placed in self._placed if placed.column.heading == self._column), None)

    @property
    def _width(self) -> int:
        """Cells beside the scrollbar."""
        return self.size.width - 1

    @property
    def _room(self) -> int:
        """Rows that can be seen at once."""
        return max(0, self.size.height - 1)

    @property
    def in_view(self) -> Sequence[Run]:
        """The runs that can be seen."""
        return self._runs[self._top : self._top + self._room]

    def show(self, runs: Sequence[Run], look: Look) -> None:
        """These runs; the cursor stays on its run, and on its line where one has scrolled."""
        cursor = self._selection.cursor
        if runs is not self._runs:
            before = self.cursor
            self._runs = runs
            self.cursor = self._place_of(cursor, before)
            if self._top > 0:
                self._top += self.cursor - before
            self._keep_in_view()
        elif cursor is not None and not (self.run and self.run.id == cursor):
            self.cursor = self._place_of(cursor, self.cursor)
            self._keep_in_view()
        if look.columns is not self._look.columns:
            self._place(look.columns)
        self._look = look
        self._select()
        self._repaint()
        self._tell_view()

    def _select(self) -> None:
        if self.run is not None:
            self._selection.cursor = self.run.id

    def _place_of(self, run_id: str | None, otherwise: int) -> int:
        if otherwise < len(self._runs) and self._runs[otherwise].id == run_id:
            return otherwise
        found = (number for number, run in enumerate(self._runs) if run.id == run_id)
        return next(found, max(0, min(otherwise, len(self._runs) - 1)))

    def _place(self, columns: Sequence[RunColumn]) -> None:
        number = self._column_number()
        self._placed = place(columns, self._width - _MARGIN)
        if self.column is None and self._placed:  # the view or the split has changed
            first = next((place for place, placed in enumerate(self._placed) if placed.column.right), 0)
            self._column = self._placed[min(first if number is None else number, len(self._placed) - 1)].column.heading

    def _column_number(self) -> int | None:
        headings = [placed.column.heading for placed in self._placed]
        return headings.index(self._column) if self._column in headings else None

    def _repaint(self) -> None:
        """Send the cells that are not as they were painted last."""
        for y in range(self.size.height):
            line, painted = self._line(y), self._painted.get(y)
            if line != painted:
                self.refresh(changed_cells(y, painted, line, self.size.width))

    def on_resize(self) -> None:
        self._place(self._look.columns)
        self._painted = {}
        self._keep_in_view()
        self._tell_view()

    def _tell_view(self) -> None:
        visible = self.in_view
        if [run.id for run in visible] != self._in_view:
            self._in_view = [run.id for run in visible]
            self.post_message(self.InView(visible))

    def render_line(self, y: int) -> Strip:
        line = self._painted[y] = self._line(y)
        return strip_of(self, line)

    def _is_thumb(self, y: int) -> bool:
        """Whether the scrollbar's thumb is in this line."""
        rows = len(self._runs)
        if y == 0 or rows <= self._room:
            return False
        start = self._top * self._room // rows
        return start <= y - 1 <= max(start, (self._top + self._room) * self._room // rows - 1)

    def _line(self, y: int) -> Line:
        """Line 0 is the heading, which does not scroll."""
        if y == 0:
            return self._heading()
        number = y - 1 + self._top
        line = self._row(number) if number < len(self._runs) else ((" " * self._width, ""),)
        return (*line, (" ", "run-table--thumb" if self._is_thumb(y) else ""))

    def _heading(self) -> Line:
        pieces: list[tuple[str, str]] = []
        x = 0
        for placed in self._placed:
            text = placed.heading(self._selection.sort)
            start = _MARGIN + placed.x - (GAP if placed.column.right else 0)
            tone = "run-table--column" if placed.column.heading == self._column else "run-table--heading"
            pieces += [(" " * (start - x), "run-table--heading"), (text, tone)]
            x = start + len(text)
        return (*pieces, (" " * max(0, self.size.width - x), "run-table--heading"))

    def _row(self, number: int) -> Line:
        run, look, selection = self._runs[number], self._look, self._selection
        row = look.row(run)
        signs = ">" if number == self.cursor else " "
        is_reference = run.id == selection.reference
        signs += (("X" if is_reference else "x") if run.id in selection.marks else " ") + ("*" if is_reference else " ")
        note = "" if look.has_settings and not run.damage else cells.note(row)
        shown = self._placed
        if note:
            shown = list(takewhile(lambda placed: placed.column.heading in cells.BEFORE_NOTE, shown))
        first, rest = shown[0], shown[1:]
        room = max(0, self._width - _MARGIN - first.width)
        texts = [placed.text(row) for placed in rest]
        if note:
            texts.append(cells.note(row, room - sum(GAP + text_width(text) for text in texts) - GAP))
        text = fit((" " * GAP).join(["", *texts]), room)
        if number == self.cursor:
            return ((f"{signs}{first.text(row)}{text}", "run-table--cursor"),)
        return ((signs, ""), (first.text(row), _TONES.get(run.state, "")), (text, ""))

    def action_move(self, by: int) -> None:
        self._go_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        self._go_to(self.cursor + by * max(1, self.size.height - 2))

    def action_column(self, by: int) -> None:
        if self._placed:
            number = max(0, min((self._column_number() or 0) + by, len(self._placed) - 1))
            self._column = self._placed[number].column.heading
            self._repaint()

    def on_click(self, event: events.Click) -> None:
        if event.y > 0:
            number = event.y - 1 + self._top
            if event.x >= self._width and len(self._runs) > self._room:
                self._show_from((event.y - 1) * len(self._runs) // self._room)
            elif number < len(self._runs):
                self._go_to(number)
            return
        for placed in reversed(self._placed):
            if event.x >= _MARGIN + placed.x - GAP:
                self._column = placed.column.heading
                self.post_message(self.HeadingClicked(placed.column))
                return

    def _go_to(self, number: int) -> None:
        if not self._runs:
            return
        before, self.cursor = self.cursor, max(0, min(number, len(self._runs) - 1))
        self._select()
        self._keep_in_view()
        self._repaint()
        self._tell_view()
        if before != self.cursor:
            self.post_message(self.Moved())

    def _keep_in_view(self) -> None:
        """Scroll as little as it takes to see the cursor."""
        lowest = self.cursor - max(1, self._room) + 1
        self._top = max(lowest, min(self._top, self.cursor))
        self._top = max(0, min(self._top, len(self._runs) - max(1, self._room)))

    def on_mouse_scroll_down(self) -> None:
        self._show_from(self._top + _WHEEL)

    def on_mouse_scroll_up(self) -> None:
        self._show_from(self._top - _WHEEL)

    def _show_from(self, top: int) -> None:
        """Another part of the list; the cursor stays where it is."""
        self._top = max(0, min(top, len(self._runs) - self._room))
        self._repaint()
        self._tell_view()
