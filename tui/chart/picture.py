"""A chart as lines of cells: curves in their order, a band, marks, a crosshair, axes with round numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from tui.cells import Row, blank, stacked
from tui.chart.axes import Axis
from tui.chart.layers import Cells, Frame, Layer
from tui.plot import BRAILLE_BLANK, dots_of

SMALLEST = (14, 5)  # cells, axes included
_LABEL = 5  # cells of the labels on the left
_MARGIN = 2  # cells right of the plot, for the letters at the ends of the curves
_RULED_FROM = 11  # lines from which the plot is worth a rule below it


@dataclass(frozen=True)
class Curve:
    """One curve, or a band.

    Args:
        sign: the letter that stands at its end, and draws it where there is no braille.
        look: letter of its look.
        xs, ys: its points, x rising; y may be not finite, which is a gap.
        count: how many of them there are.
        scale: y is drawn times this.
        lower: the lower edge of a band, `ys` being the upper.
        is_named: the sign stands at its end.
    """

    sign: str
    look: str
    xs: Sequence[float]
    ys: Sequence[float]
    count: int
    scale: float = 1.0
    lower: Sequence[float] | None = None
    is_named: bool = True


@dataclass(frozen=True)
class Mark:
    """A sign at a point; with no `y`, at the foot of the plot."""

    x: float
    y: float | None
    sign: str
    look: str


@dataclass(frozen=True)
class View:
    """What a chart shows.

    Args:
        title, flags: what it is of, and how it is drawn.
        curves: the first is drawn first, and covered by the others.
        x, y: the axes; that of y is made from the lowest and highest values that are seen.
        label_x, label_y: values as people read them; of y with the axis, for its digits.
        marks: points to mark.
        gap_sign: marks the epochs whose value is not finite, at the foot.
        crosshair: the x to be read off.
        is_active: keys act on it.
    """

    title: str
    flags: str
    curves: Sequence[Curve]
    x: Axis
    y: Callable[[Iterable[float]], Axis]
    ticks_x: Callable[[Axis, int], list[float]]
    label_x: Callable[[float], str]
    label_y: Callable[[float, Axis], str]
    marks: Sequence[Mark] = ()
    gap_sign: str = "x"
    crosshair: float | None = None
    is_active: bool = False
    has_braille: bool = True


@dataclass
class Picture:
    """Draws one chart again and again; keeps what has not changed.

    Attributes:
        frame: of the last picture: where its points lie; None before there was one.
        left: cells before the plot.
    """

    frame: Frame | None = None
    left: int = _LABEL + 1
    _layers: dict[int, Layer] = field(default_factory=dict)

    def draw(self, view: View, width: int, height: int) -> list[Row]:
        """`height` lines of `width` cells."""
        if width < SMALLEST[0] or height < SMALLEST[1]:
            self.frame = None
            return stacked([Row.of([(view.title, "T")])], width, height)
        rule = 1 if height >= _RULED_FROM else 0
        plot_width, plot_height = width - self.left - _MARGIN, height - 2 - rule
        dots = dots_of(plot_width, plot_height, has_braille=view.has_braille)[0]
        self._keep(view.curves)
        bounds: list[float] = []
        for curve, layer in zip(view.curves, self._layers.values(), strict=True):
            buckets = layer.extend(curve.xs, curve.count, curve.scale, view.x, dots)
            if curve.lower is None:
                bounds += buckets.bounds() or ()
        frame = self.frame = Frame(plot_width, plot_height, view.x, view.y(bounds), view.has_braille)
        texts, looks = self._plot(view, frame)
        return self._with_axes(view, frame, texts, looks, rule)

    def _keep(self, curves: Sequence[Curve]) -> None:
        """A layer for each curve: the one of before where it is the same curve."""
        before = {(id(layer.source), position): layer for position, layer in self._layers.items()}
        self._layers = {
            position: before.get((id(curve.ys), position)) or Layer(curve.ys, curve.lower)
            for position, curve in enumerate(curves)
        }

    def _plot(self, view: View, frame: Frame) -> tuple[list[list[str]], list[list[str]]]:
        texts = [[" "] * (frame.width + _MARGIN) for _ in range(frame.height)]
        looks = [[" "] * (frame.width + _MARGIN) for _ in range(frame.height)]
        bits: Cells = {}
        for curve, layer in zip(view.curves, self._layers.values(), strict=True):
            for (row, column), found in layer.draw(frame).items():
                if frame.has_braille:
                    found |= bits.get((row, column), 0)  # noqa: PLW2901
                    bits[row, column] = found
                    texts[row][column] = chr(BRAILLE_BLANK + found)
                else:
                    texts[row][column] = curve.sign
                looks[row][column] = curve.look
        self._cross(view, frame, texts, looks)
        self._name(view, frame, texts, looks)
        self._mark(view, frame, texts, looks)
        return texts, looks

    def _cross(self, view: View, frame: Frame, texts: list[list[str]], looks: list[list[str]]) -> None:
        if view.crosshair is None:
            return
        column = frame.column(view.crosshair)
        for row in range(frame.height):
            if texts[row][column] in (" ", chr(BRAILLE_BLANK)):
                texts[row][column], looks[row][column] = ("│" if frame.has_braille else "|"), "c"
            else:
                looks[row][column] = looks[row][column].upper()

    def _name(self, view: View, frame: Frame, texts: list[list[str]], looks: list[list[str]]) -> None:
        """Each curve's letter right of its last point, so that colour is not needed to tell them apart."""
        taken: set[tuple[int, int]] = set()
        for curve, layer in zip(view.curves, self._layers.values(), strict=True):
            spans = layer.upper_buckets.stretches() if curve.is_named and layer.upper_buckets else []
            if not spans:
                continue
            dot, y = spans[-1][-1]
            across, up = frame.dots
            column = dot // (across // frame.width) + 1
            row = frame.height - 1 - frame.y.dot(y, up) // (up // frame.height)
            row, column = _free(taken, row, column, frame.height)
            taken.add((row, column))
            texts[row][column], looks[row][column] = curve.sign, curve.look

    def _mark(self, view: View, frame: Frame, texts: list[list[str]], looks: list[list[str]]) -> None:
        per_column = frame.dots[0] // frame.width
        gaps = {dot for layer in self._layers.values() if layer.upper_buckets for dot in layer.upper_buckets.gaps}
        for dot in gaps:
            column = dot // per_column
            texts[-1][column], looks[-1][column] = view.gap_sign, "e"
        for mark in view.marks:
            if not frame.x.low <= mark.x <= frame.x.high or (mark.y is not None and not math.isfinite(mark.y)):
                continue
            row, column = frame.cell(mark.x, frame.y.low if mark.y is None else mark.y)
            texts[row][column], looks[row][column] = mark.sign, mark.look

    def _with_axes(
        self, view: View, frame: Frame, texts: list[list[str]], looks: list[list[str]], rule: int
    ) -> list[Row]:
        width = self.left + frame.width + _MARGIN
        side, corner, flat, tick = ("│", "└", "─", "┴") if frame.has_braille else ("|", "+", "-", "+")
        labels: dict[int, str] = {}
        for value in frame.y.ticks(max(2, frame.height // 2 if frame.height < 12 else frame.height // 3)):
            row, _ = frame.cell(frame.x.low, value)
            labels[row] = view.label_y(value, frame.y)
        title = [(f" {view.title}", "A" if view.is_active else "T"), (f"  {view.flags}" if view.flags else "", "a")]
        rows = [Row.of(title).fitted(width)]
        for row, (text, look) in enumerate(zip(texts, looks, strict=True)):
            label = labels.get(row, "")[:_LABEL].rjust(_LABEL)
            rows.append(Row(label + side + "".join(text), "a" * (_LABEL + 1) + "".join(look)))
        columns = {frame.column(value): value for value in view.ticks_x(frame.x, max(2, frame.width // 10))}
        if rule:
            line = "".join(tick if column in columns else flat for column in range(frame.width))
            rows.append(Row.of([(" " * _LABEL + corner + line, "a")]).fitted(width))
        rows.append(Row.of([(_labelled(columns, view.label_x, self.left, width), "a")]).fitted(width))
        return rows if len(rows) == len(texts) + 2 + rule else blank(width, len(texts) + 2 + rule)


def _free(taken: Collection[tuple[int, int]], row: int, column: int, height: int) -> tuple[int, int]:
    """The nearest free place for a letter: beside its curve's end, else in the rows below and above it."""
    for distance in range(height):
        for near in dict.fromkeys((row + distance, row - distance)):
            for across in range(column, column + _MARGIN):
                if 0 <= near < height and (near, across) not in taken:
                    return near, across
    return row, column


def _labelled(columns: dict[int, float], label: Callable[[float], str], left: int, width: int) -> str:
    """Labels centred below their ticks; one that would touch the one before is left out."""
    line = " " * width
    end = 0
    for column, value in sorted(columns.items()):
        words = label(value)
        start = min(max(left - 1, left + column - len(words) // 2), width - len(words))
        if start > end or not end:
            line = line[:start] + words + line[start + len(words) :]
            end = start + len(words)
    return line[:width]
