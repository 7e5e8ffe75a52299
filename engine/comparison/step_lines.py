"""The steps of a ladder or a learning curve as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.comparison.lines import work_words
from engine.format import duration, interval, millions, p_value, percent, points
from engine.layout import Column, table_lines, wrapped
from engine.text import clean

_SHORT = {"not settled": "open"}  # a table of 80 columns has no room for more, and its legend says it


def step_lines(document: dict[str, Any], kind: str, width: int) -> Iterator[str]:
    """The `steps` of a study's document, for a reader with so many cells to a line."""
    for number, series in enumerate(document["series"]):
        if number:
            yield ""
        if len(document["series"]) > 1:
            yield clean(series["name"])
        table = _table(series["rows"], kind, width)
        yield from table
        if series["total"] and series["total"]["difference"] is not None:
            yield from wrapped(_total(series["total"]), width)
    below = "smaller share" if kind == "data" else "rung below"
    yield from wrapped(
        f"(gain: over the {below}, same seeds, paired t with its 95 % interval; p: Holm over {document['tests']} "
        f"gains; open: not settled at .05; sd: over seeds; gap: train − test{work_words(table[0])})",
        width,
    )
    if document["best"] and "test" in document["selected_on"]:
        yield from wrapped(f"Best on test, which is what these runs validate on: {clean(document['best'])}.", width)
    elif document["best"]:
        yield from wrapped(f"Best on validation: {clean(document['best'])}. Test is reported, not selected on.", width)


def _table(rows: list[dict[str, Any]], kind: str, width: int) -> list[str]:
    columns = [
        Column("share" if kind == "data" else "rung", least=16 if width >= 80 else 12),  # a rung's longest name
        Column("n", right=True),
        Column("test %", right=True),
        Column("sd", right=True),
        Column("gain", right=True),
        Column("[95 %]", right=True),
        Column("p", right=True),
        Column(""),
        Column("gap", right=True),
        Column("time", right=True),
        Column("params", right=True, drop=3),
        Column("MMAC", right=True, drop=2),
        Column("validation %", right=True, drop=1),
    ]
    if kind == "data":
        columns.insert(1, Column("images", right=True))
    return table_lines(columns, [_cells(row, kind) for row in rows], width)


def _cells(row: dict[str, Any], kind: str) -> list[str]:
    gain = row["gain"]
    spread = "" if gain is None or gain["low"] is None else interval(gain["low"], gain["high"], signed=True)
    cells = [
        clean(row["step"]),
        str(row["n"]),
        percent(row["test_accuracy"]["mean"]),
        percent(row["test_accuracy"]["std"]),
        "" if gain is None else points(gain["difference"]),
        spread,
        "" if gain is None else p_value(gain["p"]),
        _SHORT.get(row["verdict"], row["verdict"] or ""),
        percent(row["overfitting_gap"]["mean"]),
        duration(row["seconds"]["mean"]),
        f"{row['parameters']:,}",
        millions(row["multiply_adds"]),
        percent(row["validation_accuracy"]["mean"]),
    ]
    if kind == "data":
        cells.insert(1, f"{row['images']:,}")
    return cells


def _total(total: dict[str, Any]) -> str:
    spread = "" if total["low"] is None else f" {interval(total['low'], total['high'], signed=True)}"
    words = f"{clean(total['to'])} over {clean(total['from'])}: {points(total['difference'])}{spread} points on test"
    return f"{words}, {total['n']} seed{'' if total['n'] == 1 else 's'}."
