"""The adapter to plotext: exact sizes, axes that move in steps, gaps for what is not finite."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.plot import Series, plot, stepped, stretches, thin

FLOATS = st.floats(-1e6, 1e6) | st.just(math.nan)


@pytest.mark.parametrize(("width", "height"), [(58, 16), (34, 14), (20, 6), (12, 5)])
def test_a_plot_has_exactly_its_size_and_its_signs(width: int, height: int) -> None:
    xs = [float(x) for x in range(1, 301)]
    series = [Series("train", xs, [math.exp(-x / 100) for x in xs], "cyan", "t")]
    lines = plot(series, width, height, 500.0, (0.0, 1.0))
    assert [line.cell_len for line in lines] == [width] * height
    assert any("t" in line.plain for line in lines)


def test_not_a_number_is_a_gap_and_nothing_at_all_is_an_empty_frame() -> None:
    ys = [0.2, math.nan, 0.4, math.nan]
    assert list(stretches([1.0, 2.0, 3.0, 4.0], ys)) == [([1.0], [0.2]), ([3.0], [0.4])]
    assert len(plot([Series("train", [1.0, 2.0, 3.0, 4.0], ys, "cyan", "t")], 30, 8, 4.0, (0.0, 1.0))) == 8
    assert len(plot([Series("train", [], [], "cyan", "t")], 30, 8, 10.0, (0.0, 1.0))) == 8


@given(st.lists(FLOATS, max_size=300), st.integers(4, 60))
def test_a_thinned_curve_keeps_its_extremes(ys: list[float], most: int) -> None:
    xs, kept = thin([float(x) for x in range(len(ys))], ys, most)
    assert xs == sorted(xs)
    known = [y for y in ys if math.isfinite(y)]
    if len(ys) > most and known:
        left = [y for y in kept if math.isfinite(y)]
        assert (min(left), max(left)) == (min(known), max(known))
        assert len(kept) <= most + 2


@given(st.floats(1e-6, 1e6))
def test_an_axis_ends_at_a_round_number_that_is_not_below(value: float) -> None:
    end = stepped(value)
    assert value <= end * (1 + 1e-6) <= value * 2.6
    assert stepped(math.inf) == stepped(0.0) == 1.0
