"""How one looks: each key changes one thing, and `esc` takes them back layer by layer."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tui.cells import Row, changed_spans, stacked
from tui.chart.state import ACCURACY, LOSS, Looking
from tui.glyphs import has_unicode
from tui.pace import Pace


def test_axes_are_epochs_and_seconds_each_linear_and_logarithmic() -> None:
    looking = Looking()
    seen = []
    for _ in range(5):
        seen.append((looking.in_seconds, looking.is_log))
        looking.next_axes()
    assert seen == [(False, False), (False, True), (True, False), (True, True), (False, False)]


def test_views_are_both_loss_accuracy_and_the_keys_follow_the_chart_that_is_seen() -> None:
    looking = Looking()
    looking.next_view()
    looking.next_view()
    assert (looking.charts, looking.active) == ((ACCURACY,), ACCURACY)
    looking.other_chart()
    assert looking.charts == (LOSS,)
    looking.next_view()
    looking.next_view()
    assert looking.charts == (LOSS, ACCURACY)
    looking.is_zoomed = True
    assert looking.charts == (looking.active,)


def test_back_goes_one_layer_at_a_time() -> None:
    looking = Looking(is_zoomed=True, window=(0.5, 1.0), epoch=7, is_pinned=True)
    assert looking.back()
    assert not looking.is_zoomed
    assert looking.back()
    assert looking.epoch is None
    assert looking.back()
    assert not looking.is_near
    assert not looking.back()


@given(st.lists(st.tuples(st.sampled_from([1, -1]), st.floats(0, 1)), max_size=30))
def test_a_range_stays_within_everything_and_holds_what_was_pointed_at(turns: list[tuple[int, float]]) -> None:
    looking = Looking()
    for by, at in turns:
        before = looking.window
        looking.zoom(by, at)
        low, high = looking.window
        assert 0.0 <= low < high <= 1.0
        if by > 0 and before[0] <= at <= before[1]:
            assert low - 1e-9 <= at <= high + 1e-9
        looking.pan_to(at)
        low, high = looking.window
        assert -1e-9 <= low <= at + 1e-9
        assert at - 1e-9 <= high <= 1 + 1e-9


LOOKS = st.text("tv ", min_size=24, max_size=24)
TEXTS = st.text("ab ", min_size=24, max_size=24)


@given(TEXTS, LOOKS, TEXTS, LOOKS)
def test_the_spans_that_are_sent_turn_one_line_into_the_other(
    text: str, looks: str, new_text: str, new_looks: str
) -> None:
    before, after = Row(text, looks), Row(new_text, new_looks)
    shown, shown_looks = list(text), list(looks)
    spans = changed_spans(before, after)
    for start, end in spans:
        shown[start:end], shown_looks[start:end] = new_text[start:end], new_looks[start:end]
    assert ("".join(shown), "".join(shown_looks)) == (new_text, new_looks)
    assert all(left[1] < right[0] for left, right in pairwise(spans))
    assert bool(spans) == (before != after)


def test_a_line_with_wide_characters_is_sent_whole() -> None:
    before, after = Row("漢字 a", "    "), Row("漢字 b", "    ")
    assert changed_spans(before, after) == [(0, 6)]
    assert len(stacked([after], 4, 2)) == 2


def test_braille_is_sent_only_where_it_can_be_shown() -> None:
    assert has_unicode("utf-8", {})
    assert has_unicode("utf-8", {"LANG": "de_DE.UTF-8", "TERM": "xterm"})
    assert not has_unicode("utf-8", {"LANG": "C"})
    assert not has_unicode("utf-8", {"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"})
    assert not has_unicode("utf-8", {"TERM": "linux"})
    assert not has_unicode("ascii", {"LANG": "de_DE.UTF-8"})


def test_a_pace_lets_through_once_in_its_seconds_and_whatever_is_news() -> None:
    now = [0.0]
    pace = Pace(2.0, lambda: now[0])
    assert pace.is_due()
    now[0] = 1.5
    assert not pace.is_due()
    assert pace.left == 0.5
    assert pace.is_due(now=True)
    now[0] = 3.4
    assert not pace.is_due()
    now[0] = 3.5
    assert pace.is_due()
