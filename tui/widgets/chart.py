"""A chart of curves: axes hold still, only the cells that changed are sent; the mouse reads off, picks and zooms."""

from __future__ import annotations

from textual import events
from textual.message import Message

from tui.chart.picture import Picture, View
from tui.widgets.cell_lines import CellLines


class Chart(CellLines):
    """Shows a `View`."""

    class Pointed(Message):
        """The mouse is over an x, or, with None, has left.

        Args:
            is_pick: it was pressed.
        """

        def __init__(self, chart: Chart, x: float | None, *, is_pick: bool) -> None:
            super().__init__()
            self.chart, self.x, self.is_pick = chart, x, is_pick

    class Zoomed(Message):
        """The wheel was turned over an x: `by` is 1 for nearer, -1 for farther."""

        def __init__(self, x: float, by: int) -> None:
            super().__init__()
            self.x, self.by = x, by

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._picture = Picture()

    def show(self, view: View) -> None:
        """This view; what of its curves was drawn before is not drawn again."""
        self.show_rows(lambda width, height: self._picture.draw(view, width, height))

    @property
    def columns(self) -> int:
        """Cells across the plot itself."""
        frame = self._picture.frame
        return frame.width if frame else 1

    def _x_at(self, column: int) -> float | None:
        """What lies below the mouse; None where that is not the plot."""
        frame = self._picture.frame
        if frame is None or not 0 <= column - self._picture.left < frame.width:
            return None
        return frame.x.value((column - self._picture.left) / max(1, frame.width - 1))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self.post_message(self.Pointed(self, self._x_at(event.x), is_pick=False))

    def on_leave(self) -> None:
        self.post_message(self.Pointed(self, None, is_pick=False))

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Pointed(self, self._x_at(event.x), is_pick=True))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._zoom(event.x, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._zoom(event.x, -1)

    def _zoom(self, column: int, by: int) -> None:
        x = self._x_at(column)
        if x is not None:
            self.post_message(self.Zoomed(x, by))
