"""From a run's columns and how one looks at them to what each chart shows."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from engine.store.columns import Columns
from tui.chart.axes import Axis, end_of, loss_axis, percent_axis
from tui.chart.picture import Curve, Mark, View
from tui.chart.smoothing import Smoothed
from tui.chart.state import LOSS, Looking

_TITLES = {LOSS: "Loss", "accuracy": "Accuracy, %"}
_SCALES = {LOSS: 1.0, "accuracy": 100.0}
_MINUTE, _HOUR = 60, 3600
_TIME_STEPS = (
    1, 2, 5, 10, 15, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR,
    2 * _HOUR, 4 * _HOUR, 8 * _HOUR, 24 * _HOUR,
)  # fmt: skip
_KEPT_CURVES = 24


@dataclass(frozen=True)
class Subject:
    """The run that is looked at, as far as its charts need it.

    Args:
        columns: its epochs so far.
        epochs: how many it is to have.
        seconds: how many it will have taken, as far as that is known.
        best: row of the best epoch; None: there is none to mark.
        failed_epoch: where it diverged.
        has_band: it has enough batches an epoch for percentiles over them.
        reference: the epochs of the reference.
    """

    columns: Columns
    epochs: int
    seconds: float
    best: int | None = None
    failed_epoch: int | None = None
    has_band: bool = False
    reference: Columns | None = None


class Views:
    """Makes views; keeps what was smoothed, and the end of the axis of seconds, which moves in steps.

    Args:
        has_braille: the terminal shows it.
    """

    def __init__(self, *, has_braille: bool) -> None:
        self.has_braille = has_braille
        self._smoothed: dict[tuple[int, float], tuple[Sequence[float], Smoothed]] = {}
        self._seconds_end: float | None = None

    def forget_run(self) -> None:
        self._smoothed, self._seconds_end = {}, None

    def whole(self, subject: Subject, looking: Looking) -> Axis:
        """The axis of everything."""
        if not looking.in_seconds:
            return Axis(1.0, float(max(2, subject.epochs)))
        needed = max(subject.seconds, subject.columns.elapsed[-1] if len(subject.columns) else 0.0, 1e-3)
        self._seconds_end = end_of(needed, self._seconds_end)
        return Axis(0.0, self._seconds_end)

    def seen(self, subject: Subject, looking: Looking) -> Axis:
        """The axis of what is seen."""
        whole = self.whole(subject, looking)
        low, high = looking.window
        return whole if not looking.is_near else Axis(whole.value(low), whole.value(high))

    def view(self, subject: Subject, looking: Looking, measure: str) -> View:
        """What the chart of `loss` or `accuracy` shows."""
        columns, x = subject.columns, self.seen(subject, looking)
        xs, count = _xs(columns, looking), len(columns)
        is_log = looking.is_log and measure == LOSS
        axis_of = partial(loss_axis, is_log=is_log) if measure == LOSS else percent_axis
        crosshair = row_of(columns, looking.epoch)
        return View(
            title=_TITLES[measure] + (", log" if is_log else ""),
            flags=self._flags(looking, x),
            curves=list(self._curves(subject, looking, measure, xs, count)),
            x=x,
            y=partial(axis_of, is_near=looking.is_near),
            ticks_x=time_ticks if looking.in_seconds else _epoch_ticks,
            label_x=time_label if looking.in_seconds else _epoch_label,
            label_y=value_label,
            marks=list(self._marks(subject, measure, xs)),
            gap_sign="×" if self.has_braille else "x",
            crosshair=None if crosshair is None else xs[crosshair],
            is_active=len(looking.charts) > 1 and measure == looking.active,
            has_braille=self.has_braille,
        )

    def _curves(
        self, subject: Subject, looking: Looking, measure: str, xs: Sequence[float], count: int
    ) -> Iterable[Curve]:
        columns, scale = subject.columns, _SCALES[measure]
        train, validation = columns.values("train", measure), columns.values("validation", measure)
        if subject.has_band:
            lower, upper = columns.values("train", measure, "p25"), columns.values("train", measure, "p75")
            yield Curve(":", "b", xs, upper, count, scale, lower=lower, is_named=False)
        behind = subject.reference
        if behind is not None:
            yield self._smooth(Curve(
                "r" if self.has_braille else ".", "r", _xs(behind, looking), reference_values(behind, measure),
                len(behind), scale,
            ), looking.strength)  # fmt: skip
        curves = [Curve("t", "t", xs, train, count, scale)]
        if has_validation(columns):
            curves.append(Curve("v", "v", xs, validation, count, scale))
        if looking.strength:
            for curve in curves:
                raw = "'" if not self.has_braille else curve.sign
                yield Curve(raw, "f", xs, curve.ys, count, scale, is_named=False)
        for curve in curves:
            yield self._smooth(curve, looking.strength)

    def _smooth(self, curve: Curve, strength: float) -> Curve:
        if not strength:
            return curve
        key = id(curve.ys), strength
        kept = self._smoothed.get(key)
        if kept is None or kept[0] is not curve.ys:
            while len(self._smoothed) >= _KEPT_CURVES:
                del self._smoothed[next(iter(self._smoothed))]
            kept = self._smoothed[key] = curve.ys, Smoothed(strength)
        kept[1].extend(curve.ys, curve.count)
        return Curve(curve.sign, curve.look, curve.xs, kept[1].ys, curve.count, curve.scale)

    def _marks(self, subject: Subject, measure: str, xs: Sequence[float]) -> Iterable[Mark]:
        columns = subject.columns
        if subject.best is not None and has_validation(columns):
            y = columns.values("validation", measure)[subject.best] * _SCALES[measure]
            yield Mark(xs[subject.best], y, "◆" if self.has_braille else "*", "m")
        if subject.failed_epoch is not None:
            x = float(subject.failed_epoch) if xs is columns.epochs else (xs[-1] if len(xs) else 0.0)
            yield Mark(x, None, "×" if self.has_braille else "x", "e")

    def _flags(self, looking: Looking, x: Axis) -> str:
        flags = []
        if looking.strength:
            flags.append(f"smooth {looking.strength:g}, raw faint")
        if looking.is_near:
            label = time_label if looking.in_seconds else _epoch_label
            flags.append(f"{label(x.low)} - {label(x.high)}")
        return "  ".join(flags)


def has_validation(columns: Columns) -> bool:
    """Whether any validation was measured."""
    return columns.lowest_loss is not None


def reference_values(columns: Columns, measure: str) -> array[float]:
    """The reference's curve: validation, or train where there was no validation."""
    return columns.values("validation" if has_validation(columns) else "train", measure)


def row_of(columns: Columns, epoch: int | None) -> int | None:
    """The row of an epoch, or of the nearest; None without one."""
    if epoch is None or not len(columns):
        return None
    return nearest(columns.epochs, epoch)


def nearest(xs: Sequence[float], x: float) -> int:
    """The row of rising `xs`, not empty, that lies nearest to `x`."""
    row = min(bisect_left(xs, x), len(xs) - 1)
    return row - 1 if row and x - xs[row - 1] < xs[row] - x else row


def rows_within(xs: Sequence[float], axis: Axis) -> range:
    """The rows of rising `xs` that an axis shows."""
    return range(bisect_left(xs, axis.low), bisect_right(xs, axis.high))


def _xs(columns: Columns, looking: Looking) -> Sequence[float]:
    return columns.elapsed if looking.in_seconds else columns.epochs


def _epoch_ticks(axis: Axis, most: int) -> list[float]:
    found = sorted({float(round(value)) for value in axis.ticks(most)})
    return [axis.low, *(value for value in found if value > axis.low)] if axis.low == 1.0 else found


def _epoch_label(x: float) -> str:
    return f"{x:,.0f}"


def time_ticks(axis: Axis, most: int) -> list[float]:
    """Seconds at which clocks are read: 10, 15, 30, a minute."""
    step = next((step for step in _TIME_STEPS if (axis.high - axis.low) / step <= most), 0)
    if step <= 1:
        return axis.ticks(most)
    first = math.ceil(axis.low / step)
    return [float(number * step) for number in range(first, int(axis.high // step) + 1)]


def time_label(x: float) -> str:
    """`0 s`, `2.5 s`, `1:30`, `2:00:00`."""
    if x < _MINUTE:
        return f"{x:.3g} s"
    minutes, seconds = divmod(round(x), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def clock(seconds: float | None) -> str:
    """Whole seconds: `44 s`, `1:19`; less than one `0.4 s`; `-` where they are not known."""
    if seconds is None:
        return "-"
    return f"{seconds:.1f} s" if 0.05 <= seconds < 0.95 else time_label(float(round(seconds)))


def value_label(value: float, axis: Axis) -> str:
    """A value in at most five cells, with the digits that its axis asks for."""
    span = axis.high - axis.low
    if axis.is_log:
        words = f"{value:g}"
    elif span >= 10:
        words = f"{value:.0f}"
    else:
        words = f"{value:.{min(4, max(1, 2 - math.floor(math.log10(span))))}f}"
    words = words[1:] if len(words) > 5 and words.startswith("0.") else words
    short = words if len(words) <= 5 else f"{value:.0e}"
    return short if len(short) <= 5 else "0" if abs(value) < 1 else "huge"
