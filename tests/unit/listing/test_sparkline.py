"""A curve in one line of text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.listing.sparkline import ASCII, sparkline

VALUES = st.lists(st.none() | st.floats(0, 1), max_size=40)


def test_higher_is_a_higher_character() -> None:
    rising = [number / 6 for number in range(7)]
    assert sparkline(rising, 7, 0, 1, ASCII) == ",-~=+*#"


def test_what_is_not_there_yet_is_not_drawn_and_a_gap_stays_one() -> None:
    assert sparkline([0.0, 1.0, None, 1.0, None, None, None, None], 8, 0, 1, ASCII) == ",# #"
    assert sparkline([0.0, None, None, None], 8, 0, 1, ASCII) == ",,"


def test_all_values_equal_are_drawn() -> None:
    assert sparkline([0.5, 0.5], 2, 0.5, 0.5, ASCII) == "##"


@given(VALUES, st.integers(0, 60), st.floats(0, 1), st.floats(0, 1))
def test_it_is_never_wider_than_it_may_be(values: list[float | None], width: int, low: float, high: float) -> None:
    line = sparkline(values, width, low, high, ASCII)
    assert len(line) <= width
    assert set(line) <= set(ASCII + " ")
