"""From points to cells: what is drawn bit by bit is what is drawn at once, and never wider than its place."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.chart.axes import Axis, loss_axis
from tui.chart.buckets import Buckets
from tui.chart.layers import Frame, Layer
from tui.chart.picture import Curve, Mark, Picture, View, _free
from tui.chart.smoothing import STRENGTHS, Smoothed
from tui.plot import dots_of, draw_lines

VALUES = st.floats(-5, 5) | st.sampled_from([math.nan, math.inf, -math.inf])
CURVES = st.lists(VALUES, max_size=200)
_BITS = {1: (0, 0), 2: (0, 1), 4: (0, 2), 8: (1, 0), 16: (1, 1), 32: (1, 2), 64: (0, 3), 128: (1, 3)}


@given(CURVES, st.integers(1, 60), st.integers(0, 200))
def test_points_taken_bit_by_bit_leave_what_points_taken_at_once_leave(ys: list[float], dots: int, cut: int) -> None:
    xs = list(range(1, len(ys) + 1))
    axis = Axis(1, max(2, len(ys)))
    whole, parts = Buckets(axis, dots), Buckets(axis, dots)
    whole.extend(xs, ys, len(ys))
    for count in (min(cut, len(ys)), len(ys)):
        parts.extend(xs, ys, count)
    assert parts.stretches() == whole.stretches()
    assert parts.gaps == whole.gaps
    points = [point for stretch in whole.stretches() for point in stretch]
    assert len(points) <= 4 * dots
    known = [y for y in ys if math.isfinite(y)]
    if known:
        assert whole.bounds() == (min(known), max(known))
        assert {min(known), max(known)} <= {y for _, y in points}
    assert bool(whole.gaps) == any(not math.isfinite(y) for y in ys)


def test_not_a_number_parts_a_curve_and_leaves_its_mark() -> None:
    buckets = Buckets(Axis(1, 5), 5)
    buckets.extend([1, 2, 3, 4, 5], [0.1, 0.2, math.nan, 0.4, math.inf], 5)
    assert buckets.stretches() == [[(0, 0.1), (1, 0.2)], [(3, 0.4)]]
    assert buckets.gaps == [2, 4]


def test_an_epoch_that_is_told_twice_counts_once() -> None:
    buckets = Buckets(Axis(1, 5), 5)
    buckets.extend([1, 2, 2, 1, 3], [0.1, 0.2, 9.0, 9.0, 0.3], 5)
    assert buckets.bounds() == (0.1, 0.3)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 2), (10, 3), (120, 40), (300, 7)])
@pytest.mark.parametrize("has_braille", [True, False])
def test_every_dot_is_where_it_was_put(size: tuple[int, int], has_braille: bool) -> None:
    width, height = size
    across, up = dots_of(width, height, has_braille=has_braille)
    for x, y in ((0, 0), (across - 1, up - 1), (across // 2, up // 3), (across // 3, up // 2)):
        cells = draw_lines([[(x, y)]], width, height, has_braille=has_braille)
        ((row, column), bits) = next(iter(cells.items()))
        assert len(cells) == 1
        if has_braille:
            dx, dy = _BITS[bits]
            assert (2 * column + dx, 4 * (height - 1 - row) + 3 - dy) == (x, y)
        else:
            assert (column, height - 1 - row) == (x, y)
    assert draw_lines([], width, height, has_braille=has_braille) == {}
    assert draw_lines([[]], width, height, has_braille=has_braille) == {}


@settings(deadline=None, max_examples=60)
@given(CURVES, st.lists(st.integers(0, 200), max_size=4), st.integers(1, 40), st.booleans(), st.booleans())
def test_a_curve_that_grows_is_drawn_as_if_it_had_come_at_once(
    ys: list[float], cuts: list[int], width: int, has_braille: bool, is_band: bool
) -> None:
    xs = list(range(1, len(ys) + 1))
    x = Axis(1, max(2, len(ys) + 10))
    frame = Frame(width, 6, x, Axis(-5, 5), has_braille)
    lower = [y - 1 for y in ys] if is_band else None
    grown, whole = Layer(ys, lower), Layer(ys, lower)
    for count in (*sorted(min(cut, len(ys)) for cut in cuts), len(ys)):
        grown.extend(xs, count, 1.0, x, frame.dots[0])
        grown.draw(frame)
    whole.extend(xs, len(ys), 1.0, x, frame.dots[0])
    assert grown.draw(frame) == whole.draw(frame)
    assert all(0 <= row < 6 and 0 <= column < width for row, column in whole.cells)


def view_of(ys: Sequence[float], **options: object) -> View:
    xs = list(range(1, len(ys) + 1))
    known: dict[str, object] = {
        "title": "Loss",
        "flags": "smooth 0.9, raw faint",
        "curves": [
            Curve(":", "b", xs, ys, len(ys), lower=[y / 2 for y in ys], is_named=False),
            Curve("t", "t", xs, ys, len(ys)),
            Curve("v", "v", xs, list(ys), len(ys)),
        ],
        "x": Axis(1, max(2, len(ys))),
        "y": lambda values: loss_axis(values, is_log=False, is_near=False),
        "ticks_x": lambda axis, most: axis.ticks(most),
        "label_x": lambda value: f"{value:,.0f}",
        "label_y": lambda value, axis: f"{value:.3g}"[:5],
        "marks": [Mark(1, ys[0] if len(ys) else None, "*", "m")],
        "crosshair": 1.0,
    }
    return View(**{**known, **options})  # type: ignore[arg-type]


@settings(deadline=None, max_examples=50)
@given(CURVES, st.integers(1, 300), st.integers(1, 60), st.booleans())
def test_a_picture_has_exactly_its_size(ys: list[float], width: int, height: int, has_braille: bool) -> None:
    picture = Picture()
    rows = picture.draw(view_of(ys, has_braille=has_braille), width, height)
    assert [len(row.text) for row in rows] == [width] * height
    assert [len(row.looks) for row in rows] == [width] * height
    assert picture.draw(view_of(ys, has_braille=has_braille), width, height) == rows
    assert has_braille or all(row.text.replace("…", "").isascii() for row in rows)


@pytest.mark.parametrize("width", [40, 120, 300])
def test_ten_thousand_points_are_drawn_in_the_columns_there_are(width: int) -> None:
    ys = [1.0 / epoch for epoch in range(1, 10_001)]
    picture = Picture()
    rows = picture.draw(view_of(ys), width, 20)
    assert [len(row.text) for row in rows] == [width] * 20
    assert all(layer.upper_buckets is not None and len(layer.upper_buckets) <= 2 * width for layer in layers(picture))


def layers(picture: Picture) -> list[Layer]:
    return list(picture._layers.values())


def test_curves_are_told_apart_without_colour() -> None:
    falling = [1.0 - epoch / 100 for epoch in range(60)]
    rising = [0.2 + epoch / 200 for epoch in range(60)]
    xs = list(range(1, 61))
    curves = [Curve("t", "t", xs, falling, 60), Curve("v", "v", xs, rising, 60)]
    for has_braille in (True, False):
        rows = Picture().draw(view_of([], curves=curves, x=Axis(1, 100), has_braille=has_braille, marks=[]), 60, 20)
        text = "\n".join(row.text for row in rows[1:-2])
        assert "t" in text
        assert "v" in text
    assert text.count("t") > 10  # each cell of it, where there is no braille


@given(CURVES, st.sampled_from(STRENGTHS), st.integers(0, 200))
def test_smoothing_bit_by_bit_is_smoothing_at_once(ys: list[float], strength: float, cut: int) -> None:
    whole, parts = Smoothed(strength), Smoothed(strength)
    whole.extend(ys, len(ys))
    for count in (min(cut, len(ys)), len(ys)):
        parts.extend(ys, count)
    assert [y for y in whole.ys if math.isfinite(y)] == [y for y in parts.ys if math.isfinite(y)]
    assert [math.isfinite(y) for y in whole.ys] == [math.isfinite(y) for y in ys]
    known = [y for y in ys if math.isfinite(y)]
    for y in whole.ys:
        assert not math.isfinite(y) or min(known) - 1e-9 <= y <= max(known) + 1e-9


def test_smoothing_leaves_a_level_curve_where_it_is_and_follows_a_step() -> None:
    level = Smoothed(0.97)
    level.extend([0.7] * 50, 50)
    assert list(level.ys) == pytest.approx([0.7] * 50)
    step = Smoothed(0.9)
    step.extend([0.0] * 100 + [1.0] * 10, 110)
    assert step.ys[-1] == pytest.approx(1 - 0.9**10, abs=1e-3)


def test_letters_of_curves_that_end_together_stand_beside_each_other_and_near_their_ends() -> None:
    taken: set[tuple[int, int]] = set()
    for _ in range(6):
        taken.add(_free(taken, 4, 9, 8))
    assert taken == {(4, 9), (4, 10), (5, 9), (5, 10), (3, 9), (3, 10)}
