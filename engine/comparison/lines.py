"""A comparison as lines of text: a row a group, the pick and its reason, what to beware of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.format import duration, interval, millions, p_value, percent, points
from engine.layout import Column, table_lines, wrapped
from engine.statistics import FEWEST_SEEDS
from engine.text import clean, shorten

_MOST_PAIRS = 6
_LABEL = 48


def comparison_lines(document: dict[str, Any], width: int) -> Iterator[str]:
    """The document of `compare`, for a reader with so many cells to a line."""
    if document["groups"]:
        yield from _group_lines(document, width)
    if document["best"]:
        yield ""
        yield from wrapped(f"Pick: {document['best']['reason']}.", width)
        yield from wrapped(f"      Its run: {_name(document, document['best']['run'])}", width)
    for sentence in document["overfitting"]:
        yield from wrapped(sentence, width)
    if any(group["n"] < FEWEST_SEEDS for group in document["groups"]):
        yield from _pair_lines(document, width)
    for warning in document["warnings"]:
        yield from wrapped(f"! {clean(warning)}", width)


def _group_lines(document: dict[str, Any], width: int) -> Iterator[str]:
    columns = (
        Column(_what_differs(document), least=10),
        Column("n", right=True),
        Column("test %", right=True),
        Column("sd", right=True),
        Column("- ref", right=True),
        Column("[95 %]", right=True),
        Column("p", right=True),
        Column("train %", right=True),
        Column("gap", right=True),
        Column("validation %", right=True, drop=2),
        Column("MMAC", right=True, drop=3),
        Column("time", right=True),
        Column("best epoch", right=True, drop=1),
    )
    yield from table_lines(columns, map(_cells, document["groups"]), width)
    if any(group["n"] > 1 for group in document["groups"]):
        what = "sd over seeds; - ref: mean difference over the same seeds, paired t; p: Holm over all pairs"
    else:
        what = "one run each: these are models, not settings"
    yield from wrapped(f"({what}; MMAC: millions of multiply-adds for one image)", width)


def _cells(group: dict[str, Any]) -> list[str]:
    metrics = group["metrics"]
    test, epoch = metrics["test_accuracy"], metrics["selected_epoch"]["mean"]
    return [
        clean(shorten(group["label"], _LABEL)),
        str(group["n"]),
        percent(test["mean"]),
        percent(test["std"]),
        "ref" if group["reference"] else points(test["difference"]),
        "" if test["low"] is None else interval(test["low"], test["high"], signed=True),
        "" if group["reference"] else p_value(test["p"]),
        percent(metrics["train_accuracy"]["mean"]),
        percent(metrics["overfitting_gap"]["mean"]),
        percent(metrics["validation_accuracy"]["mean"]),
        millions(metrics["multiply_adds"]["mean"]),
        duration(metrics["seconds"]["mean"]),
        "-" if epoch is None else f"{epoch:.0f}",
    ]


def _pair_lines(document: dict[str, Any], width: int) -> Iterator[str]:
    pairs = document["pairs"]
    for pair in pairs[:_MOST_PAIRS]:
        a, b = _name(document, pair["a"]), _name(document, pair["b"])
        yield from wrapped(
            f"{b} against {a} on the same {pair['images']} images of {pair['split']}: {pair['fixed']} put right, "
            f"{pair['broken']} spoilt (McNemar, exact p {p_value(pair['p'])}). Two models, not two settings.",
            width,
        )
    if len(pairs) > _MOST_PAIRS:
        yield f"... and {len(pairs) - _MOST_PAIRS} more pairs: --json"


def _what_differs(document: dict[str, Any]) -> str:
    keys = [key for key in document["differs"] if key not in ("training.seed", "training.threads")]
    return clean(shorten(", ".join(key.partition(".")[2] for key in keys), 30)) or "setting"


def _name(document: dict[str, Any], run_id: str) -> str:
    names = {run["id"]: run["name"] for run in document["runs"]}
    return f"{clean(names[run_id])} ({run_id})"
