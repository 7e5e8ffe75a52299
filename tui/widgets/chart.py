"""A chart of curves: axes hold still, and only the cells that changed are repainted."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.plot import Series, plot


class Chart(Widget):
    """Curves with a title above them.

    Args:
        title: what the vertical axis is.
    """

    def __init__(self, title: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._title = title
        self._lines: list[Text] = []
        self._what: tuple[Sequence[Series], float, tuple[float, float]] | None = None

    def show(self, series: Sequence[Series], x_end: float, y_range: tuple[float, float]) -> None:
        """These curves, from 1 to `x_end`."""
        self._what = (series, x_end, y_range)
        self._draw()

    def on_resize(self) -> None:
        self._lines = []
        self._draw()
        self.refresh()

    def _draw(self) -> None:
        width, height = self.size
        if self._what is None or width < 12 or height < 5:
            return
        series, x_end, y_range = self._what
        lines = [Text(f" {self._title}".ljust(width)[:width]), *plot(series, width, height - 1, x_end, y_range)]
        old, self._lines = self._lines, lines
        if len(old) != len(lines):
            self.refresh()
            return
        for y, (before, after) in enumerate(zip(old, lines, strict=True)):
            if before != after:
                self._refresh_changed(y, before, after)

    def _refresh_changed(self, y: int, before: Text, after: Text) -> None:
        """From the first to the last cell of a line that differs, in character or in colour."""
        if before.spans != after.spans:
            self.refresh(Region(0, y, self.size.width, 1))
            return
        differing = [x for x, pair in enumerate(zip(before.plain, after.plain, strict=False)) if pair[0] != pair[1]]
        if differing:
            self.refresh(Region(differing[0], y, differing[-1] - differing[0] + 1, 1))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        segments = [Segment(s.text, self.rich_style + s.style if s.style else self.rich_style)
                    for s in self._lines[y].render(self.app.console)]  # fmt: skip
        return Strip(segments).adjust_cell_length(width, self.rich_style)
