"""A report's rows and columns, the same on the command line and on the screen: scores of every class, and averages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.format import interval, percent, points
from engine.layout import Column
from engine.ordering import Field
from engine.proportion import wilson
from engine.report.against import Against
from engine.report.confusion import Confusion, Pair
from engine.report.formats import AVERAGES, recall_interval
from engine.text import clean


@dataclass(frozen=True)
class ScoreRow:
    """Scores of one class, or an average of them; fractions, None where a number has no meaning.

    Args:
        low, high: Wilson's 95 % interval of the recall over the images of the class.
        said: how often this class was said.
        change: difference of F1 to the reference; of accuracy in the row of the accuracy.
        fixed, broken: images of the class that the reference got wrong and the run right, and the other way.
        train: F1 on the training images, where both are shown.
        worst: what its images are most often taken for.
    """

    name: str
    precision: float | None
    recall: float | None
    low: float | None
    high: float | None
    f1: float | None
    support: int
    said: int | None = None
    change: float | None = None
    fixed: int | None = None
    broken: int | None = None
    train: float | None = None
    train_recall: float | None = None
    worst: Pair | None = None

    @property
    def gap(self) -> float | None:
        """F1 on train minus F1 here."""
        return None if self.train is None or self.f1 is None else self.train - self.f1


def class_rows(
    document: Mapping[str, Any], change: Against | None = None, train: Mapping[str, Any] | None = None
) -> list[ScoreRow]:
    """A row a class, in the order of the report.

    Args:
        document: `report_document` of one split.
        change: against the reference on this split.
        train: `report_document` of train, where it is to stand beside.
    """
    confusion = Confusion.of(document)
    said = dict(zip(confusion.columns, confusion.counts.sum(0).tolist(), strict=True))
    worst: dict[str, Pair] = {}
    for pair in confusion.pairs():
        worst.setdefault(pair.true, pair)
    rows = []
    for name in document["classes"]:
        scores = document["per_class"][name]
        low, high = recall_interval(dict(document), name)
        fixed, broken = change.counts.get(name, (None, None)) if change else (None, None)
        rows.append(
            ScoreRow(
                name,
                scores["precision"],
                scores["recall"],
                low,
                high,
                scores["f1-score"],
                scores["support"],
                said=said[name],
                change=change.f1.get(name) if change else None,
                fixed=fixed,
                broken=broken,
                train=train["per_class"][name]["f1-score"] if train else None,
                train_recall=train["per_class"][name]["recall"] if train else None,
                worst=worst.get(name),
            )
        )
    return rows


def average_rows(
    document: Mapping[str, Any], change: Against | None = None, train: Mapping[str, Any] | None = None
) -> list[ScoreRow]:
    """Macro average, weighted average, accuracy: the accuracy stands in the column of the recall, with its interval."""
    rows = []
    for name in AVERAGES:
        scores = document[name]
        rows.append(
            ScoreRow(
                name,
                scores["precision"],
                scores["recall"],
                None,
                None,
                scores["f1-score"],
                document["images"],
                change=change.f1.get(name) if change else None,
                train=train[name]["f1-score"] if train else None,
                train_recall=train[name]["recall"] if train else None,
            )
        )
    images, accuracy = document["images"], document["accuracy"]
    low, high = wilson(round(accuracy * images), images)
    rows.append(
        ScoreRow(
            "accuracy",
            None,
            accuracy,
            low,
            high,
            None,
            images,
            change=change.accuracy if change else None,
            fixed=change.fixed if change else None,
            broken=change.broken if change else None,
            train_recall=train["accuracy"] if train else None,
        )
    )
    return rows


def score_fields(*, with_change: bool = False, with_train: bool = False) -> list[Field[ScoreRow]]:
    """The columns; percent and points. `+/-` is what the run put right and spoilt against the reference."""
    fields = [
        Field("class", Column("class", least=12), lambda row: clean(row.name), lambda row: row.name, high_first=False),
        _number("precision", "precision", lambda row: row.precision, drop=4 if with_train else 0),
        _number("recall", "recall", lambda row: row.recall),
        Field("low", Column("[95 %]", right=True), _interval, lambda row: row.low),
        _number("f1", "F1", lambda row: row.f1),
    ]
    if with_train:
        fields += [
            _number("train_recall", "train recall", lambda row: row.train_recall, drop=3),
            _number("train", "train F1", lambda row: row.train),
            _signed("gap", "gap", lambda row: row.gap, high_first=False),
        ]
    if with_change:
        fields += [
            _signed("change", "- ref", lambda row: row.change),
            Field("counts", Column("+/-", right=True), _counts, _net),
        ]
    return [
        *fields,
        Field(
            "support", Column("support", right=True, drop=6), lambda row: f"{row.support:,}", lambda row: row.support
        ),
        Field("said", Column("said", right=True, drop=2), _said, lambda row: row.said),
        Field("worst", Column("most taken for", drop=1, least=20), _worst, _worst_count),
    ]


def pair_fields(reference: Mapping[tuple[str, str], int] | None = None) -> list[Field[Pair]]:
    """The columns of the pairs.

    Args:
        reference: how often the reference confuses each pair.
    """
    fields: list[Field[Pair]] = [
        Field("true", Column("true", least=8), lambda pair: clean(pair.true), lambda pair: pair.true, high_first=False),
        Field("said", Column("said", least=8), lambda pair: clean(pair.said), lambda pair: pair.said, high_first=False),
        Field("times", Column("times", right=True), lambda pair: f"{pair.count:,}", lambda pair: pair.count),
        Field("share", Column("of class", right=True, drop=3), _share, lambda pair: pair.share),
        Field("back", Column("and back", right=True, drop=2), lambda pair: f"{pair.reverse:,}", lambda p: p.reverse),
    ]
    if reference is not None:

        def change(pair: Pair) -> int:
            return pair.count - reference.get((pair.true, pair.said), 0)

        fields.append(
            Field(
                "change",
                Column("- ref", right=True, drop=4),
                lambda pair: f"{change(pair):+d}",
                change,
                high_first=False,
            )
        )
    return fields


def narrowed(rows: Sequence[ScoreRow], wished: str) -> list[ScoreRow]:
    """The classes whose name holds every word, without regard to case."""
    words = wished.casefold().split()
    return [row for row in rows if all(word in row.name.casefold() for word in words)]


def _number(key: str, heading: str, value: Callable[[ScoreRow], float | None], drop: int = 0) -> Field[ScoreRow]:
    def text(row: ScoreRow) -> str:
        found = value(row)
        return "" if found is None else percent(found)

    return Field(key, Column(heading, right=True, drop=drop), text, value)


def _signed(
    key: str, heading: str, value: Callable[[ScoreRow], float | None], *, high_first: bool = True
) -> Field[ScoreRow]:
    def text(row: ScoreRow) -> str:
        found = value(row)
        return "" if found is None else points(found)

    return Field(key, Column(heading, right=True), text, value, high_first=high_first)


def _interval(row: ScoreRow) -> str:
    return "" if row.low is None else interval(row.low, row.high)


def _counts(row: ScoreRow) -> str:
    return "" if row.fixed is None else f"+{row.fixed} -{row.broken}"


def _net(row: ScoreRow) -> float | None:
    return None if row.fixed is None or row.broken is None else row.fixed - row.broken


def _support(row: ScoreRow) -> str:
    return f"{row.support:,}"


def _said(row: ScoreRow) -> str:
    return "" if row.said is None else f"{row.said:,}"


def _worst(row: ScoreRow) -> str:
    return "" if row.worst is None else f"{row.worst.count} {clean(row.worst.said)}"


def _worst_count(row: ScoreRow) -> float | None:
    return None if row.worst is None else row.worst.share


def _share(pair: Pair) -> str:
    return f"{100 * pair.share:.0f} %"
