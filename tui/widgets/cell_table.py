"""A table of cells: draws the rows that are visible, has a cursor on a row and on a column, a footer that stays."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.layout import GAP, Column, Fitted, fit_columns
from engine.ordering import Field, Order
from tui.sheet import Sheet

_UNLIMITED = 10_000
_MARGIN = 2  # the cursor's sign, and the mark's


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
        self._sheet = Sheet()
        self._fitted = Fitted((), {})
        self._heading = ""
        self._lines: list[str] = []
        self._footer: list[str] = []
        self._column = ""
        self.cursor = 0

    @property
    def key(self) -> Hashable | None:
        """The row under the cursor."""
        keys = self._sheet.keys
        return keys[self.cursor] if self.cursor < len(keys) else None

    @property
    def column(self) -> str | None:
        """The key of the column under the cursor."""
        shown = [self._sheet.fields[index].key for index in self._fitted.widths]
        return self._column if self._column in shown else next(iter(shown), None)

    @property
    def natural_size(self) -> tuple[int, int]:
        """Cells and lines that it needs to show everything."""
        sheet = self._sheet
        cells = [[field.text(row) for field in sheet.fields] for row in (*sheet.rows, *sheet.footer)]
        widths = fit_columns([field.column for field in sheet.fields], cells, _UNLIMITED).widths.values()
        width = sum(widths) + len(GAP) * len(widths) + _MARGIN + 2
        return width, 1 + max(1, len(sheet.rows)) + self._footer_height

    @property
    def _footer_height(self) -> int:
        return len(self._sheet.footer) + 1 if self._sheet.footer else 0

    def show(self, sheet: Sheet) -> None:
        """Show this; the cursor stays on its row, and what did not change is not sent again."""
        kept = self.key
        self._sheet = sheet
        if kept in sheet.keys:
            self.cursor = list(sheet.keys).index(kept)
        else:
            self.cursor = max(0, min(self.cursor, len(sheet.keys) - 1))
        self._lay_out()
        self._reveal()

    def go_to(self, key: Hashable) -> None:
        """Put the cursor on a row, if it is there."""
        if key in self._sheet.keys:
            self._go(list(self._sheet.keys).index(key))

    def go_to_change(self, by: int) -> bool:
        """Go up or down to the next row whose cell in the column under the cursor differs; False without one."""
        fields, rows = {field.key: field for field in self._sheet.fields}, self._sheet.rows
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
        self._heading = ""
        self._lay_out()
        self._reveal()

    def _lay_out(self) -> None:
        sheet = self._sheet
        cells = [[field.text(row) for field in sheet.fields] for row in sheet.rows]
        footer = [[field.text(row) for field in sheet.fields] for row in sheet.footer]
        columns = [_with_sign(field, sheet.order) for field in sheet.fields]
        self._fitted = fit_columns(columns, [*cells, *footer], max(20, self.size.width - _MARGIN - 1))
        heading = " " * _MARGIN + self._fitted.headings()
        signs = dict(sheet.signs)
        signs |= {key: "X" if key in signs else "x" for key in sheet.marked}
        lines = [
            f"{signs.get(key, ' ')}{self._fitted.line(row)}" for key, row in zip(sheet.keys, cells, strict=True)
        ] or [f" {sheet.empty}"]
        bottom = (
            ["- " * (self.size.width // 2 - 1), *(" " + self._fitted.line(row) for row in footer)] if footer else []
        )
        old = (self._heading, len(self._lines), self._footer)
        before, self._lines = self._lines, lines
        self._heading, self._footer = heading, bottom
        if old != (heading, len(lines), bottom):
            self.virtual_size = Size(self.size.width, len(lines) + self.size.height - self._visible)
            self.refresh()
            return
        for number, pair in enumerate(zip(before, lines, strict=True)):
            if pair[0] != pair[1]:
                self._refresh_row(number)

    @property
    def _visible(self) -> int:
        """Rows between the heading and the footer."""
        return max(1, min(max(1, len(self._sheet.rows)), self.size.height - 1 - self._footer_height))

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
            text = self._footer[below] if below < len(self._footer) else ""
            return self._strip(f" {text}", "cell-table--rule" if below == 0 else "")
        number = y - 1 + round(self.scroll_offset.y)
        if number >= len(self._lines):
            return self._strip("")
        if number == self.cursor and self._sheet.rows:
            return self._strip(f">{self._lines[number]}", "cell-table--cursor")
        return self._strip(f" {self._lines[number]}")

    def _heading_strip(self) -> Strip:
        """The column under the cursor stands out."""
        strip = self._strip(self._heading, "cell-table--heading")
        place = self._place_of(self.column) if self.has_focus else None
        if place is None:
            return strip
        start, end = place
        style = self.get_component_rich_style("cell-table--column")
        here = Strip([Segment(strip.crop(start, end).text, style)])
        return Strip.join([strip.crop(0, start), here, strip.crop(end, self.size.width)])

    def _place_of(self, key: str | None) -> tuple[int, int] | None:
        start = _MARGIN
        for index, width in self._fitted.widths.items():
            if self._sheet.fields[index].key == key:
                return start, start + width
            start += width + len(GAP)
        return None

    def _strip(self, text: str, component: str = "") -> Strip:
        style = self.get_component_rich_style(component) if component else self.rich_style
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, style)

    def action_move(self, by: int) -> None:
        self._go(self.cursor + by)

    def action_page(self, by: int) -> None:
        self._go(self.cursor + by * max(1, self._visible - 1))

    def action_sideways(self, by: int) -> None:
        shown = [self._sheet.fields[index].key for index in self._fitted.widths]
        if self.column in shown:
            self._column = shown[max(0, min(len(shown) - 1, shown.index(self.column) + by))]
            self.refresh(Region(0, 0, self.size.width, 1))

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            for index in self._fitted.widths:
                field = self._sheet.fields[index].key
                place = self._place_of(field)
                if place and place[0] - 1 <= event.x <= place[1]:
                    self._column = field
                    self.refresh(Region(0, 0, self.size.width, 1))
                    self.post_message(self.HeadingClicked(self))
            return
        if event.y <= self._visible:
            self._go(event.y - 1 + round(self.scroll_offset.y))
            if event.chain == 2:
                self.post_message(self.Chosen(self))

    def _go(self, number: int) -> None:
        old, self.cursor = self.cursor, max(0, min(number, len(self._sheet.rows) - 1))
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


def _with_sign(field: Field[Any], order: Order) -> Column:
    """The column, its heading with the sign of the order."""
    column, sign = field.column, order.sign(field.key)
    if not sign:
        return column
    heading = f"{sign}{column.heading}" if column.right else f"{column.heading} {sign}"
    return Column(heading, column.right, column.drop, column.least)
