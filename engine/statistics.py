"""The few tests and intervals that a comparison of accuracies needs; scipy.special only, which imports fast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST_SEEDS = 3
_CONFIDENCE = 0.95


def mcnemar_exact(fixed: int, broken: int) -> float:
    """Two-sided p of McNemar's exact test: are images put right as often as spoilt?

    Source: McNemar 1947 in its binomial form, as statsmodels' `mcnemar(exact=True)`.
    """
    from scipy.special import bdtr

    changed = fixed + broken
    if changed == 0:
        return 1.0
    return min(1.0, 2 * float(bdtr(min(fixed, broken), changed, 0.5)))


@dataclass(frozen=True)
class PairedDifference:
    """Differences over pairs: their mean, its interval and p; None below three pairs, and where all are equal."""

    n: int
    mean: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None


def paired_t(differences: Sequence[float], confidence: float = _CONFIDENCE) -> PairedDifference:
    """Student's paired t over differences; from three pairs on.

    Equal differences, as of one image with every seed, leave nothing to estimate a spread from: there is no interval
    and no p. Where all are 0, p is 1.

    Source: Student 1908, as scipy's `ttest_rel`.
    """
    from scipy.special import stdtr, stdtrit

    n = len(differences)
    values = np.asarray(differences, dtype=np.float64)
    if n == 0:
        return PairedDifference(0, None)
    mean = float(values.mean())
    if n < FEWEST_SEEDS:
        return PairedDifference(n, mean)
    error = float(values.std(ddof=1)) / math.sqrt(n)
    if error <= 1e-12 * max(1.0, abs(mean)):
        return PairedDifference(n, mean) if abs(mean) > 1e-12 else PairedDifference(n, 0.0, 0.0, 0.0, 1.0)
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * error
    p = 2 * float(stdtr(n - 1, -abs(mean / error)))
    return PairedDifference(n, mean, mean - half, mean + half, min(1.0, p))


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's step-down correction of several p values, in their order.

    Source: Holm 1979, as statsmodels' `multipletests(method="holm")`.
    """
    adjusted = [0.0] * len(ps)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[index]))
        adjusted[index] = highest
    return adjusted
