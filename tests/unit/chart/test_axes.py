"""Axes: round ends that move in steps, ticks that lie on them, places that can be turned back into values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.chart.axes import Axis, end_of, loss_axis, nice_step, percent_axis, stepped
from tui.chart.views import time_label, time_ticks, value_label

FLOATS = st.floats(-10, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 5e-324, 1.7e308])
LISTS = st.lists(FLOATS, max_size=20)


@given(LISTS, st.booleans(), st.booleans())
def test_a_loss_axis_holds_every_loss_that_it_can(values: list[float], is_log: bool, is_near: bool) -> None:
    axis = loss_axis(values, is_log=is_log, is_near=is_near)
    assert math.isfinite(axis.low)
    assert axis.low < axis.high < math.inf
    assert axis.low > 0 or not is_log
    for value in values:
        if math.isfinite(value) and value >= 0 and (value > 0 or not is_log):
            assert axis.low - 1e-9 <= min(value, 1e300) <= axis.high * (1 + 1e-9)


@given(LISTS, st.booleans())
def test_an_axis_of_percents_stays_within_0_and_100(values: list[float], is_near: bool) -> None:
    axis = percent_axis(values, is_near=is_near)
    assert 0 <= axis.low < axis.high <= 100


def test_an_axis_of_percents_moves_in_steps_of_twenty() -> None:
    assert percent_axis([51.0, 93.0], is_near=False) == Axis(40.0, 100.0)
    assert percent_axis([41.0, 99.0], is_near=False) == Axis(40.0, 100.0)
    assert percent_axis([100.0], is_near=False) == Axis(80.0, 100.0)
    assert percent_axis([], is_near=False) == Axis(0.0, 100.0)


@given(st.floats(0, 1e5), st.floats(1e-3, 1e5), st.integers(1, 12), st.booleans())
def test_ticks_lie_on_the_axis_and_are_few(low: float, span: float, most: int, is_log: bool) -> None:
    axis = Axis(max(low, 1e-4), max(low, 1e-4) + span, True) if is_log else Axis(low, low + span)
    ticks = axis.ticks(most)
    assert 1 <= len(ticks) <= most
    assert ticks == sorted(ticks)
    assert all(axis.low * 0.99 - 1e-6 * span <= tick <= axis.high * 1.01 + 1e-6 * span for tick in ticks)


@given(st.floats(1e-3, 1e5), st.floats(1e-2, 1e5), st.floats(0, 1), st.booleans())
def test_a_place_on_an_axis_is_a_value_and_back(low: float, span: float, share: float, is_log: bool) -> None:
    axis = Axis(low, low + span, is_log)
    assert axis.share(axis.value(share)) == pytest.approx(share, abs=1e-6)
    assert 0 <= axis.dot(axis.value(share), 57) <= 56


@given(st.floats(1e-6, 1e6))
def test_an_axis_ends_at_a_round_number_that_is_not_below(value: float) -> None:
    end = stepped(value)
    assert value <= end * (1 + 1e-6) <= value * 1.7
    assert nice_step(value) >= value * (1 - 1e-6)
    assert stepped(math.inf) == stepped(0.0) == 1.0


def test_the_end_of_an_axis_of_seconds_holds_still_while_it_is_long_enough() -> None:
    end = end_of(71.3, None)
    assert end == 80.0
    assert [end_of(needed, end) for needed in (66.0, 79.9, 41.0)] == [80.0] * 3
    assert end_of(80.1, end) == 100.0
    assert end_of(39.0, end) == 40.0


@given(st.floats(0, 1e200), st.floats(1e-4, 1e200), st.booleans())
def test_labels_of_values_fit_their_column(value: float, span: float, is_log: bool) -> None:
    low = max(value, 1e-9)
    assert len(value_label(value, Axis(low, low + max(span, low / 1000), is_log))) <= 5


def test_times_are_marked_where_clocks_are_read() -> None:
    assert [time_label(x) for x in time_ticks(Axis(0, 80), 4)] == ["0 s", "30 s", "1:00"]
    assert [time_label(x) for x in time_ticks(Axis(0, 7200), 3)] == ["0 s", "1:00:00", "2:00:00"]
    assert [time_label(x) for x in time_ticks(Axis(0, 2), 5)] == ["0 s", "0.5 s", "1 s", "1.5 s", "2 s"]
