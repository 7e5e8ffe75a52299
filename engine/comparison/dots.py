"""Every seed of every group as a dot on one axis, with the mean and its interval: what a table of means hides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.layout import fit, text_width
from engine.statistics import paired_t
from engine.text import clean

LEGEND = "o a seed, 2-9 so many, + mean (* on a seed), --- its 95 % interval"
_LEAST_LABEL, _MOST_LABEL = 6, 24
_LEAST_AXIS = 20
_LEAST_SPAN = 2.0  # percentage points, so that equal seeds are not torn apart


@dataclass(frozen=True)
class Dots:
    """One group.

    Args:
        values: of its seeds, in percent.
        mean: of these.
        low, high: Student's 95 % interval of the mean; None below three seeds.
    """

    label: str
    values: Sequence[float]
    mean: float
    low: float | None
    high: float | None


def dots_of(document: Mapping[str, Any], split: str) -> list[Dots]:
    """The groups of a comparison whose accuracy on a split is known."""
    runs = {run["id"]: run for run in document["runs"]}
    rows = []
    for group in document["groups"]:
        found = [runs[run_id]["metrics"][f"{split}_accuracy"]["value"] for run_id in group["runs"]]
        values = [100 * value for value in found if value is not None]
        if values:
            mean = paired_t(values)
            rows.append(Dots(clean(group["label"]), values, sum(values) / len(values), mean.low, mean.high))
    return rows


def dot_lines(rows: Sequence[Dots], width: int) -> list[str]:
    """A line a group, then the axis; nothing where there is no room or nothing to show."""
    label = max(_LEAST_LABEL, min(_MOST_LABEL, max([text_width(row.label) for row in rows], default=0)))
    cells = width - label - 3
    if not rows or cells < _LEAST_AXIS:
        return []
    low, high = _ends(rows)

    def place(value: float) -> int:
        return round((min(high, max(low, value)) - low) / (high - low) * (cells - 1))

    lines = [f"{fit(row.label, label)} |{_line(row, cells, place)}|" for row in rows]
    return [*lines, " " * (label + 2) + _axis(low, high, cells, place)]


def _line(row: Dots, cells: int, place: Any) -> str:
    line = [" "] * cells
    if row.low is not None and row.high is not None:
        for cell in range(place(row.low), place(row.high) + 1):
            line[cell] = "-"
    counts: dict[int, int] = {}
    for value in row.values:
        counts[place(value)] = counts.get(place(value), 0) + 1
    for cell, count in counts.items():
        line[cell] = "o" if count == 1 else str(min(9, count))
    if len(row.values) > 1:
        middle = place(row.mean)
        line[middle] = "*" if middle in counts else "+"
    return "".join(line)


def _ends(rows: Sequence[Dots]) -> tuple[float, float]:
    """The range of the dots and a little more; intervals that reach beyond are cut at its ends."""
    values = [value for row in rows for value in row.values]
    low, high = min(values), max(values)
    margin = max((high - low) / 10, (_LEAST_SPAN - (high - low)) / 2, 0.0)
    return low - margin, high + margin


def _axis(low: float, high: float, cells: int, place: Any) -> str:
    """Round numbers below the places they mark."""
    step = _step((high - low) / max(2, cells // 10))
    line = [" "] * (cells + 8)
    value = math.ceil(low / step) * step
    while value <= high + 1e-9:
        words = f"{value:.{0 if step >= 1 else 1 if step >= 0.1 else 2}f}"
        start = max(0, place(value) - len(words) // 2)
        if all(character == " " for character in line[max(0, start - 1) : start + len(words) + 1]):
            line[start : start + len(words)] = words
        value += step
    return "".join(line).rstrip()


def _step(least: float) -> float:
    size = 10.0 ** math.floor(math.log10(least))
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= least * (1 - 1e-9))
