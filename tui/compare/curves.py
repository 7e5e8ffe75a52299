"""Validation curves of several runs on one chart, each with its letter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from string import ascii_lowercase
from typing import Any

from engine.comparison.fields import short_names
from engine.layout import wrapped
from engine.store import History
from engine.text import clean, shorten
from tui.chart.axes import Axis, percent_axis
from tui.chart.picture import Curve, View
from tui.chart.views import value_label

MOST = len(ascii_lowercase)
_LOOKS = "tvmbrk"  # of the groups in turn


def curve_ids(document: dict[str, Any]) -> list[str]:
    """Whose histories the chart needs: the first runs, in the order of their groups."""
    grouped = [run_id for group in document.get("groups", ()) for run_id in group["runs"]]
    others = [run["id"] for run in document.get("runs", ()) if run["id"] not in grouped]
    return [*grouped, *others][:MOST]


def curves_view(
    document: dict[str, Any], history_of: Callable[[str], History | None], *, has_braille: bool
) -> View | None:
    """The chart; None while no history has been read."""
    groups = {run_id: number for number, group in enumerate(document["groups"]) for run_id in group["runs"]}
    curves, end = [], 2.0
    for letter, run_id in zip(ascii_lowercase, curve_ids(document), strict=False):
        history = history_of(run_id)
        if history is None or not len(history.columns):
            continue
        columns = history.columns
        look = _LOOKS[groups.get(run_id, len(document["groups"])) % len(_LOOKS)]
        values = columns.values("validation", "accuracy")
        curves.append(Curve(letter, look, columns.epochs, values, len(columns), 100.0))
        end = max(end, float(columns.epochs[-1]))
    if not curves:
        return None
    return View(
        title="Validation accuracy, %",
        flags=_letters(document),
        curves=curves,
        x=Axis(1.0, end),
        y=partial(percent_axis, is_near=False),
        ticks_x=lambda axis, most: sorted(
            {axis.low, *(float(round(value)) for value in axis.ticks(most) if value > 1)}
        ),
        label_x=lambda x: f"{x:,.0f}",
        label_y=value_label,
        has_braille=has_braille,
    )


def _letters(document: dict[str, Any]) -> str:
    """`a-c stride  d-f max`: the letters of each group, whose runs follow one another."""
    words, start = [], 0
    for group in document["groups"]:
        found = ascii_lowercase[start : start + len(group["runs"])]
        start += len(group["runs"])
        if found:
            words.append(f"{found[0]}{f'-{found[-1]}' if len(found) > 1 else ''} {clean(shorten(group['label'], 24))}")
    return "  ".join(words)


def legend(document: dict[str, Any], width: int) -> Sequence[str]:
    """Which letter is which run; and how many are not drawn."""
    names = short_names(document)
    ids = curve_ids(document)
    words = "  ".join(f"{letter} {names[run_id]}" for letter, run_id in zip(ascii_lowercase, ids, strict=False))
    left = len(document["runs"]) - len(ids)
    return wrapped(words + (f"  and {left} runs that are not drawn" if left else ""), width)
