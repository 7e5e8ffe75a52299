"""A comparison as lines of text: a row a group, the pick and its reason, what to beware of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.comparison.fields import group_fields
from engine.format import counted, p_value
from engine.layout import table_lines, wrapped
from engine.statistics import FEWEST_SEEDS
from engine.text import clean

_MOST_PAIRS = 6


def comparison_lines(document: dict[str, Any], width: int) -> Iterator[str]:
    """The document of `compare`, for a reader with so many cells to a line."""
    if document["groups"]:
        yield from _group_lines(document, width)
        yield ""
    yield from sentence_lines(document, width)


def sentence_lines(document: dict[str, Any], width: int) -> Iterator[str]:
    """What may be said of the comparison: the pick and its reason, overfitting, pairs of models, cautions."""
    if document["best"]:
        yield from wrapped(f"Pick: {document['best']['reason']}.", width)
        yield from wrapped(f"      Its run: {_name(document, document['best']['run'])}", width)
    for sentence in document["overfitting"]:
        yield from wrapped(sentence, width)
    if any(group["n"] < FEWEST_SEEDS for group in document["groups"]):
        yield from _pair_lines(document, width)
    for warning in document["warnings"]:
        yield from wrapped(f"! {clean(warning)}", width)


def _group_lines(document: dict[str, Any], width: int) -> Iterator[str]:
    fields = group_fields(document, "test")
    cells = [[field.text(group) for field in fields] for group in document["groups"]]
    table = table_lines([field.column for field in fields], cells, width)
    yield from table
    if any(group["n"] > 1 for group in document["groups"]):
        what = "sd over seeds; - ref: mean difference over the same seeds, paired t; p: Holm over all pairs"
    else:
        what = "one run each: these are models, not settings"
    yield from wrapped(f"({what}{work_words(table[0])})", width)


def work_words(heading: str) -> str:
    """What MMAC stands for, for the legend of a table that has room for it."""
    return "; MMAC: millions of multiply-adds for one image" if "MMAC" in heading else ""


def _pair_lines(document: dict[str, Any], width: int) -> Iterator[str]:
    pairs = document["pairs"]
    for pair in pairs[:_MOST_PAIRS]:
        a, b = _name(document, pair["a"]), _name(document, pair["b"])
        yield from wrapped(
            f"{b} against {a} on the same {counted(pair['images'], 'image')} of {pair['split']}: "
            f"{pair['fixed']} put right, {pair['broken']} spoilt "
            f"(McNemar, exact p {p_value(pair['p'])}). Two models, not two settings.",
            width,
        )
    if len(pairs) > _MOST_PAIRS:
        yield f"... and {len(pairs) - _MOST_PAIRS} more pairs: --json"


def _name(document: dict[str, Any], run_id: str) -> str:
    names = {run["id"]: run["name"] for run in document["runs"]}
    return f"{clean(names[run_id])} ({run_id})"
