"""One curve, or the band around it, as cells; drawn anew only where it has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tui.chart.axes import Axis
from tui.chart.buckets import Buckets
from tui.plot import dots_of, draw_lines

Cells = dict[tuple[int, int], int]
_BRAILLE_BITS = {(0, 0): 1, (0, 1): 2, (0, 2): 4, (1, 0): 8, (1, 1): 16, (1, 2): 32, (0, 3): 64, (1, 3): 128}


@dataclass(frozen=True)
class Frame:
    """What a curve is drawn in: `width` x `height` cells, and the axes."""

    width: int
    height: int
    x: Axis
    y: Axis
    has_braille: bool

    @property
    def dots(self) -> tuple[int, int]:
        return dots_of(self.width, self.height, has_braille=self.has_braille)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of a point."""
        across, up = self.dots
        per_column, per_row = across // self.width, up // self.height
        return self.height - 1 - self.y.dot(y, up) // per_row, self.x.dot(x, across) // per_column

    def column(self, x: float) -> int:
        """The column of an epoch or a time."""
        return self.x.dot(x, self.dots[0]) // (self.dots[0] // self.width)


class Layer:
    """What of one curve is drawn.

    Args:
        source: the points; another object is another curve.
        lower: for a band: the points of its lower edge, `source` being those of its upper.
    """

    def __init__(self, source: Sequence[float], lower: Sequence[float] | None = None) -> None:
        self.source, self._lower = source, lower
        self.cells: Cells = {}
        self.upper_buckets: Buckets | None = None
        self._lower_buckets: Buckets | None = None
        self._frame: Frame | None = None

    def extend(self, xs: Sequence[float], count: int, scale: float, x: Axis, dots: int) -> Buckets:
        """Take new points; all of them where the axis is another one."""
        buckets = self.upper_buckets
        if buckets is None or (buckets.axis, buckets.dots) != (x, dots):
            buckets = self.upper_buckets = Buckets(x, dots)
            self._lower_buckets = Buckets(x, dots) if self._lower is not None else None
        buckets.extend(xs, self.source, count, scale)
        if self._lower is not None and self._lower_buckets is not None:
            self._lower_buckets.extend(xs, self._lower, count, scale)
        return buckets

    def draw(self, frame: Frame) -> Cells:
        """The cells of the curve; those of columns before the first new point are kept as they are."""
        buckets = self.upper_buckets
        if buckets is None:
            return {}
        if frame != self._frame:
            self._frame, self.cells, buckets.dirty = frame, {}, 0
        if buckets.dirty < buckets.dots:
            across = frame.dots[0] // frame.width
            column = buckets.before(buckets.dirty) // across  # the line to the first new point begins there
            if self._lower_buckets is None:
                self._draw_line(frame, buckets, column)
            else:
                self._draw_band(frame, buckets, self._lower_buckets, column)
            buckets.dirty = buckets.dots
        return self.cells

    def _draw_line(self, frame: Frame, buckets: Buckets, from_column: int) -> None:
        across, (_, up) = frame.dots[0] // frame.width, frame.dots
        stretches = buckets.stretches(from_column * across)  # with the point before, whose line ends in this column
        points = [[(dot, frame.y.dot(y, up)) for dot, y in part] for part in stretches]
        new = draw_lines(points, frame.width, frame.height, has_braille=frame.has_braille)
        self.cells = {place: bits for place, bits in self.cells.items() if place[1] < from_column}
        self.cells |= {place: bits for place, bits in new.items() if place[1] >= from_column}

    def _draw_band(self, frame: Frame, upper: Buckets, lower: Buckets, from_column: int) -> None:
        across, up = frame.dots
        per_column, per_row = across // frame.width, up // frame.height
        edges = _edges(upper, lower)
        self.cells = {place: bits for place, bits in self.cells.items() if place[1] < from_column}
        for dot, low, high in _filled(edges):
            column = dot // per_column
            if column < from_column or high < frame.y.low or low > frame.y.high:
                continue
            for y in range(frame.y.dot(low, up), frame.y.dot(high, up) + 1):
                place = frame.height - 1 - y // per_row, column
                if not frame.has_braille:
                    self.cells[place] = 1
                elif not dot % 2 and (y - dot // 2) % 2 == 0:  # a quarter of the dots: a texture, not an area
                    bit = _BRAILLE_BITS[0, 3 - y % 4]
                    self.cells[place] = self.cells.get(place, 0) | bit


def _edges(upper: Buckets, lower: Buckets) -> list[tuple[int, float, float] | None]:
    """Dot, lower and upper edge of each column that has both; None where the curve has a gap."""
    lows = {dot: low for dot, low, _ in lower.spans()}
    rows: list[tuple[int, float, float] | None] = []
    for part in upper.stretches():
        highs: dict[int, float] = {}
        for dot, y in part:
            highs[dot] = max(y, highs.get(dot, y))
        rows += [(dot, lows[dot], high) for dot, high in highs.items() if dot in lows]
        rows.append(None)
    return rows


def _filled(edges: Sequence[tuple[int, float, float] | None]) -> Iterator[tuple[int, float, float]]:
    """The edges of every column, those between two points on the line that joins them."""
    for left, right in pairwise([*edges, None]):
        if left is None:
            continue
        yield left
        if right is not None:
            dot, low, high = left
            for between in range(dot + 1, right[0]):
                part = (between - dot) / (right[0] - dot)
                yield between, low + part * (right[1] - low), high + part * (right[2] - high)
