"""The interval of a proportion, without the libraries that the other statistics need."""

from __future__ import annotations

import math

_Z_95 = 1.959963984540054  # of the 97.5th percentile of the normal distribution


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion.

    Args:
        successes: 0 … n.
        n: images; with none, the interval is all of [0, 1].

    Source: Wilson 1927, without continuity correction; as statsmodels' `proportion_confint(method="wilson")`.
    """
    if n == 0:
        return 0.0, 1.0
    z = _z(confidence)
    share = successes / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    below = 1 + z * z / n
    low, high = (middle - half) / below, (middle + half) / below
    return (0.0 if successes == 0 else max(0.0, low)), (1.0 if successes == n else min(1.0, high))


def _z(confidence: float) -> float:
    if confidence == 0.95:
        return _Z_95
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + confidence) / 2)
