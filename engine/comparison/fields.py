"""The columns of a comparison that is sorted and read: of its groups, of its runs, of its pairs of models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.comparison.member import REPEATS
from engine.format import duration, interval, millions, p_value, percent, points, setting
from engine.layout import Column, telling_width
from engine.ordering import Field
from engine.text import clean, shorten

SPLITS = ("test", "train", "validation")
_SHORT = {"test": "test", "train": "train", "validation": "val"}
_LABEL, _VALUE = 48, 24
Row = Mapping[str, Any]
Number = Callable[[Row], float | None]


def what_differs(document: Row) -> str:
    """The settings that make the groups, as a heading."""
    keys = [key for key in document["differs"] if key not in REPEATS]
    return clean(shorten(", ".join(key.partition(".")[2] for key in keys), 30)) or "setting"


def short_names(document: Row) -> dict[str, str]:
    """Names of the runs by id, without the words that all of them begin with: `max-s0` of `cifar100-3-max-s0`."""
    names = {run["id"]: clean(run["name"]) for run in document["runs"]}
    first, last = min(names.values(), default=""), max(names.values(), default="")
    same = next((place for place, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), 0)
    start = first[:same].rfind("-") + 1
    return {run_id: name[start:] for run_id, name in names.items()}


def group_fields(document: Row, split: str) -> list[Field[Row]]:
    """A row a group: accuracy on `split` over its seeds, the difference to the reference, gap, work and time."""
    measure = f"{split}_accuracy"
    fields: list[Field[Row]] = [
        _words("label", Column(what_differs(document), least=_least_label(document)), _label),
        Field("n", Column("n", right=True), lambda row: str(row["n"]), lambda row: row["n"]),
        _number("mean", f"{_SHORT[split]} %", _mean(measure), percent),
        _number("std", "sd", lambda row: row["metrics"][measure]["std"], percent, high_first=False),
        Field(
            "difference", Column("- ref", right=True), lambda row: _change(row, measure), _part(measure, "difference")
        ),
        Field("low", Column("[95 %]", right=True), lambda row: _interval(row, measure), _part(measure, "low")),
        _right("p", "p", lambda row: _p(row, measure), _part(measure, "p"), high_first=False),
    ]
    fields += [
        _number(other, f"{_SHORT[other]} %", _mean(f"{other}_accuracy"), percent, drop=drop)
        for other, drop in (("train", 6), ("test", 5), ("validation", 2))
        if other != split
    ]
    return [
        *fields,
        _number("gap", "gap", _mean("overfitting_gap"), percent, high_first=False),
        _number("work", "MMAC", _mean("multiply_adds"), millions, high_first=False, drop=3),
        _number("time", "time", _mean("seconds"), duration, high_first=False, drop=4),
        _number("epoch", "best epoch", _mean("selected_epoch"), _whole, high_first=False, drop=1),
    ]


def run_fields(document: Row, split: str) -> list[Field[Row]]:
    """A row a run: only what differs, its best validation accuracy and that epoch, accuracy on `split`, gap, time."""
    differing: list[Field[Row]] = [
        Field(key, Column(key.partition(".")[2], least=6), _setting(key), _setting_value(key), high_first=False)
        for key in document["differs"]
    ]
    fields: list[Field[Row]] = [
        Field(
            "name", Column("run", least=12), lambda row: clean(row["name"]), lambda row: row["name"], high_first=False
        ),
        *differing,
        Field(
            "state",
            Column("state", drop=3),
            lambda row: clean(row["state"]),
            lambda row: row["state"],
            high_first=False,
        ),
        _number("best", "val %", _value("validation_accuracy"), percent),
        _number("epoch", "@epoch", _epoch, _whole, high_first=False),
    ]
    if split != "validation":
        fields.append(_number("mean", f"{_SHORT[split]} %", _value(f"{split}_accuracy"), percent))
    fields.append(Field("low", Column("[95 %]", right=True, drop=2), _wilson(split), _low(split)))
    if split != "train":
        fields.append(_number("train", "train %", _value("train_accuracy"), percent, drop=1))
    return [
        *fields,
        _number("gap", "gap", _value("overfitting_gap"), percent, high_first=False),
        _number("time", "time", _value("seconds"), duration, high_first=False),
    ]


def pair_fields(document: Row) -> list[Field[Row]]:
    """A row a pair of trained models, on the same images."""
    names = short_names(document)
    return [
        Field("b", Column("run", least=10), lambda row: names[row["b"]], lambda row: names[row["b"]], high_first=False),
        Field(
            "a", Column("against", least=10), lambda row: names[row["a"]], lambda row: names[row["a"]], high_first=False
        ),
        _number("fixed", "put right", lambda row: row["fixed"], _whole),
        _number("broken", "spoilt", lambda row: row["broken"], _whole, high_first=False),
        _number("net", "net", lambda row: row["fixed"] - row["broken"], lambda value: f"{value:+.0f}"),
        _number("p", "exact p", lambda row: row["p"], p_value, high_first=False),
        _number("p_holm", "p (Holm)", lambda row: row["p_holm"], p_value, high_first=False, drop=2),
        _number("images", "images", lambda row: row["images"], _whole, drop=1),
    ]


def _words(key: str, column: Column, text: Callable[[Row], str]) -> Field[Row]:
    return Field(key, column, text, text, high_first=False)


def _right(key: str, heading: str, text: Callable[[Row], str], value: Number, *, high_first: bool = True) -> Field[Row]:
    return Field(key, Column(heading, right=True), text, value, high_first)


def _number(
    key: str, heading: str, value: Number, text: Callable[[Any], str], *, high_first: bool = True, drop: int = 0
) -> Field[Row]:
    return Field(key, Column(heading, right=True, drop=drop), lambda row: text(value(row)), value, high_first)


def _mean(measure: str) -> Number:
    return lambda row: row["metrics"][measure]["mean"]


def _value(measure: str) -> Number:
    return lambda row: row["metrics"][measure]["value"]


def _part(measure: str, part: str) -> Number:
    return lambda row: row["metrics"][measure][part]


def _least_label(document: Row) -> int:
    """Labels are cut, but not so far that they look alike; wide ones leave room for the numbers of 80 columns."""
    return min(26, max(10, telling_width([_label(row) for row in document["groups"]])))


def _label(row: Row) -> str:
    return clean(shorten(row["label"], _LABEL))


def _change(row: Row, measure: str) -> str:
    return "ref" if row["reference"] else points(row["metrics"][measure]["difference"])


def _interval(row: Row, measure: str) -> str:
    found = row["metrics"][measure]
    return "" if found["low"] is None else interval(found["low"], found["high"], signed=True)


def _p(row: Row, measure: str) -> str:
    return "" if row["reference"] else p_value(row["metrics"][measure]["p"])


def _setting(key: str) -> Callable[[Row], str]:
    return lambda row: clean(shorten(setting(row["differs"][key]), _VALUE)) if row["differs"][key] is not None else "-"


def _setting_value(key: str) -> Callable[[Row], float | str | None]:
    def value(row: Row) -> float | str | None:
        found = row["differs"][key]
        if isinstance(found, int | float) and not isinstance(found, bool):
            return float(found)
        return None if found is None else str(found)

    return value


def _epoch(row: Row) -> float | None:
    found: float | None = row["metrics"]["validation_accuracy"]["epoch"]
    return found


def _wilson(split: str) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        found = row["metrics"][f"{split}_accuracy"]
        return "" if found["low"] is None else interval(found["low"], found["high"])

    return text


def _low(split: str) -> Number:
    return lambda row: row["metrics"][f"{split}_accuracy"]["low"]


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
