"""A comparison on a terminal: a row a group, the pick and its reason, what to beware of."""

from __future__ import annotations

from typing import Any

from engine.cli.output import print_line
from engine.cli.table import line_width, print_table
from engine.format import duration, interval, millions, p_value, percent, points
from engine.layout import Column
from engine.statistics import FEWEST_SEEDS
from engine.text import clean, shorten

_MOST_PAIRS = 6
_LABEL = 48


def print_comparison(document: dict[str, Any]) -> None:
    """The document of `compare`, for a reader."""
    if document["groups"]:
        _print_groups(document)
    if document["best"]:
        print_line()
        _print_wrapped(f"Pick: {document['best']['reason']}.")
        _print_wrapped(f"      Its run: {_name(document, document['best']['run'])}")
    for sentence in document["overfitting"]:
        _print_wrapped(sentence)
    if any(group["n"] < FEWEST_SEEDS for group in document["groups"]):
        _print_pairs(document)
    for warning in document["warnings"]:
        _print_wrapped(f"! {clean(warning)}")


def _print_groups(document: dict[str, Any]) -> None:
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
    print_table(columns, map(_cells, document["groups"]))
    if any(group["n"] > 1 for group in document["groups"]):
        what = "sd over seeds; - ref: mean difference over the same seeds, paired t; p: Holm over all pairs"
    else:
        what = "one run each: these are models, not settings"
    _print_wrapped(f"({what}; MMAC: millions of multiply-adds for one image)")


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


def _print_pairs(document: dict[str, Any]) -> None:
    pairs = document["pairs"]
    for pair in pairs[:_MOST_PAIRS]:
        a, b = _name(document, pair["a"]), _name(document, pair["b"])
        _print_wrapped(
            f"{b} against {a} on the same {pair['images']} images of {pair['split']}: {pair['fixed']} put right, "
            f"{pair['broken']} spoilt (McNemar, exact p {p_value(pair['p'])}). Two models, not two settings."
        )
    if len(pairs) > _MOST_PAIRS:
        print_line(f"... and {len(pairs) - _MOST_PAIRS} more pairs: --json")


def _what_differs(document: dict[str, Any]) -> str:
    keys = [key for key in document["differs"] if key not in ("training.seed", "training.threads")]
    return clean(shorten(", ".join(key.partition(".")[2] for key in keys), 30)) or "setting"


def _name(document: dict[str, Any], run_id: str) -> str:
    names = {run["id"]: run["name"] for run in document["runs"]}
    return f"{clean(names[run_id])} ({run_id})"


def _print_wrapped(text: str) -> None:
    import textwrap

    width = max(20, min(line_width(), 120))
    for line in textwrap.wrap(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False):
        print_line(line)
