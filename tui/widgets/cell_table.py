"""A table of cells: draws the rows that are visible, has a cursor on a row and on a column, a footer that stays."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.sheet import Sheet


class CellTable(ScrollView, can_focus=True):
    """Rows under headings. `h` and `l` choose the column that is sorted by."""

    DEFAULT_CSS = """
    CellTable { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden; overflow-y: auto; }
    CellTable > .cell-table--heading { text-style: bold; }
    CellTable > .cell-table--column { text-style: bold underline; }
    CellTable > .cell-table--cursor { text-style: bold; }
    CellTable:focus > .cell-table--cursor { text-style: reverse; }
    CellTable > .cell-table--rule { color: $text-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "cell-table--heading",
        "cell-table--column",
        "cell-table--cursor",
        "cell-table--rule",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, tooltip="A row down"),
        Binding("k,up", "move(-1)", "Up", show=False, tooltip="A row up"),
        Binding("h,left", "sideways(-1)", "Column left", show=False, tooltip="The column before, to sort by"),
        Binding("l,right", "sideways(1)", "Column right", show=False, tooltip="The next column, to sort by"),
        Binding("g,home", "move(-1000000)", "First", show=False, tooltip="The first row"),
        Binding("G,end", "move(1000000)", "Last", show=False, tooltip="The last row"),
        Binding("ctrl+d,pagedown", "page(1)", "Page down", show=False, tooltip="A page down"),
        Binding("ctrl+u,pageup", "page(-1)", "Page up", show=False, tooltip="A page up"),
    ]

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, table: CellTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> CellTable:
            return self.table

    class Chosen(Moved):
        """A row was clicked twice."""

    class HeadingClicked(Moved):
        """The column under the cursor is to be sorted by."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._shown = Sheet().in_cells(0)
        self._column = ""
        self.cursor = 0

    @property
    def sheet(self) -> Sheet:
        """What is shown."""
        return self._shown.sheet

    @property
    def lines(self) -> list[str]:
        """The rows as they are drawn, without the cursor's sign."""
        return self._shown.lines

    @property
    def key(self) -> Hashable | None:
        """The row under the cursor."""
        keys = self.sheet.keys
        return keys[self.cursor] if self.cursor < len(keys) else None

    @property
    def column(self) -> str | None:
        """The key of the column under the cursor."""
        shown = self._shown.columns
        return self._column if self._column in shown else next(iter(shown), None)

    def show(self, sheet: Sheet) -> None:
        """Show this; the cursor stays on its row, else goes to the top; what did not change is not sent again."""
        kept = self.key
        self.cursor = list(sheet.keys).index(kept) if kept in sheet.keys else 0
        self._lay_out(sheet)
        self._reveal()

    def go_to(self, key: Hashable) -> None:
        """Put the cursor on a row, if it is there."""
        if key in self.sheet.keys:
            self._go(list(self.sheet.keys).index(key))

    def go_to_change(self, by: int) -> bool:
        """Go up or down to the next row whose cell in the column under the cursor differs; False without one."""
        fields, rows = {field.key: field for field in self.sheet.fields}, self.sheet.rows
        if not rows or self.column is None:
            return False
        text = fields[self.column].text
        here = text(rows[self.cursor])
        places = range(self.cursor + by, len(rows) if by > 0 else -1, by)
        found = next((place for place in places if text(rows[place]) != here), None)
        if found is not None:
            self._go(found)
        return found is not None

    def on_resize(self) -> None:
        self._lay_out(self.sheet)
        self.refresh()
        self._reveal()

    def _lay_out(self, sheet: Sheet) -> None:
        before = self._shown
        after = self._shown = sheet.in_cells(self.size.width)
        self.virtual_size = Size(self.size.width, len(after.lines) + self.size.height - self._visible)
        if (before.heading, len(before.lines), before.footer) != (after.heading, len(after.lines), after.footer):
            self.refresh()
            return
        for number, pair in enumerate(zip(before.lines, after.lines, strict=True)):
            if pair[0] != pair[1]:
                self._refresh_row(number)

    @property
    def _visible(self) -> int:
        """Rows between the heading and the footer."""
        return max(1, min(max(1, len(self.sheet.rows)), self.size.height - 1 - self.sheet.footer_height))

    def _refresh_row(self, number: int) -> None:
        y = number + 1 - round(self.scroll_offset.y)
        if 1 <= y <= self._visible:
            self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Line 0 is the heading; it and the footer do not scroll."""
        if y == 0:
            return self._heading_strip()
        if y > self._visible:
            below = y - 1 - self._visible
            footer = self._shown.footer
            text = footer[below] if below < len(footer) else ""
            return self._strip(f" {text}", "cell-table--rule" if below == 0 else "")
        number = y - 1 + round(self.scroll_offset.y)
        if number >= len(self.lines):
            return self._strip("")
        if number == self.cursor and self.sheet.rows:
            return self._strip(f">{self.lines[number]}", "cell-table--cursor")
        return self._strip(f" {self.lines[number]}")

    def _heading_strip(self) -> Strip:
        """The column under the cursor stands out."""
        strip = self._strip(self._shown.heading, "cell-table--heading")
        place = self._shown.place_of(self.column) if self.has_focus else None
        if place is None:
            return strip
        start, end = place
        style = self.get_component_rich_style("cell-table--column")
        here = Strip([Segment(strip.crop(start, end).text, style)])
        return Strip.join([strip.crop(0, start), here, strip.crop(end, self.size.width)])

    def _strip(self, text: str, component: str = "") -> Strip:
        style = self.get_component_rich_style(component) if component else self.rich_style
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, style)

    def action_move(self, by: int) -> None:
        self._go(self.cursor + by)

    def action_page(self, by: int) -> None:
        self._go(self.cursor + by * max(1, self._visible - 1))

    def action_sideways(self, by: int) -> None:
        shown = self._shown.columns
        if self.column in shown:
            self._column = shown[max(0, min(len(shown) - 1, shown.index(self.column) + by))]
            self.refresh(Region(0, 0, self.size.width, 1))

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            column = self._shown.column_at(event.x)
            if column is not None:
                self._column = column
                self.refresh(Region(0, 0, self.size.width, 1))
                self.post_message(self.HeadingClicked(self))
            return
        if event.y <= self._visible:
            self._go(event.y - 1 + round(self.scroll_offset.y))
            if event.chain == 2:
                self.post_message(self.Chosen(self))

    def _go(self, number: int) -> None:
        old, self.cursor = self.cursor, max(0, min(number, len(self.sheet.rows) - 1))
        if old != self.cursor:
            self._refresh_row(old)
            self._refresh_row(self.cursor)
            self._reveal()
            self.post_message(self.Moved(self))

    def _reveal(self) -> None:
        top = round(self.scroll_offset.y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + self._visible:
            self.scroll_to(y=self.cursor - self._visible + 1, animate=False)
