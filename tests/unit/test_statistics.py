"""Tests and intervals against scipy and statsmodels.

Both take a second or more to import, so that only whoever runs these tests pays for it; no example has a deadline.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.proportion import wilson
from engine.statistics import holm, mcnemar_exact, paired_t


@settings(deadline=None)
@given(st.integers(1, 2000), st.floats(0, 1))
def test_wilson_is_that_of_statsmodels(n: int, share: float) -> None:
    from statsmodels.stats.proportion import proportion_confint

    successes = round(share * n)
    expected = proportion_confint(successes, n, method="wilson")
    assert wilson(successes, n) == pytest.approx(expected, abs=1e-9)


def test_wilson_of_nothing_is_everything_and_its_ends_are_exact() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_that_of_statsmodels(fixed: int, broken: int) -> None:
    from statsmodels.stats.contingency_tables import mcnemar

    expected = mcnemar([[5, fixed], [broken, 5]], exact=True).pvalue if fixed + broken else 1.0
    assert mcnemar_exact(fixed, broken) == pytest.approx(expected, abs=1e-12)
    assert mcnemar_exact(fixed, broken) == mcnemar_exact(broken, fixed)


@settings(deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=3, max_size=12))
def test_paired_t_is_that_of_scipy(values: list[float]) -> None:
    import scipy.stats

    found = paired_t(values)
    if np.std(values) < 1e-9:
        return
    expected = scipy.stats.ttest_1samp(values, 0.0)
    interval = expected.confidence_interval(0.95)
    assert found.p == pytest.approx(expected.pvalue, abs=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=1e-9)


def test_equal_differences_have_no_spread_and_so_no_interval_and_no_p() -> None:
    found = paired_t([0.25] * 3)
    assert (found.n, found.mean, found.low, found.high, found.p) == (3, 0.25, None, None, None)
    none = paired_t([0.0] * 4)
    assert (none.mean, none.low, none.high, none.p) == (0, 0, 0, 1)


@pytest.mark.parametrize("values", [[], [0.1], [0.1, 0.2]])
def test_below_three_pairs_there_is_no_interval_and_no_p(values: list[float]) -> None:
    found = paired_t(values)
    assert (found.n, found.low, found.high, found.p) == (len(values), None, None, None)
    assert (found.mean is None) == (not values)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_that_of_statsmodels(ps: list[float]) -> None:
    from statsmodels.stats.multitest import multipletests

    assert holm(ps) == pytest.approx(multipletests(ps, method="holm")[1].tolist())
    assert not any(math.isnan(p) for p in holm(ps))


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]) == []
