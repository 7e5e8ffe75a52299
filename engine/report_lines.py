"""A run's report on one split as lines of text: scores of every class, and what it is confused with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.evaluation import most_confused
from engine.format import interval, percent
from engine.layout import Column, table_lines
from engine.proportion import wilson
from engine.report_formats import AVERAGES, recall_interval
from engine.text import clean, shorten

_MOST_COLUMNS = 10
_MOST_PAIRS = 10


def report_lines(document: dict[str, Any], width: int) -> Iterator[str]:
    """The document of `report`, for a reader with so many cells to a line."""
    images, split = document["images"], document["split"]
    low, high = wilson(round(document["accuracy"] * images), images)
    yield (
        f"{split}: {images:,} images, accuracy {percent(document['accuracy'])} % {interval(low, high)}; "
        f"epoch {document['selected_epoch']}, selected on {document['selected_on']}"
    )
    numbers = ("precision", "recall", "[95 %]", "F1", "images")
    columns = [Column("class", least=10), *(Column(heading, right=True) for heading in numbers)]
    rows = [
        (name, document["per_class"][name], interval(*recall_interval(document, name))) for name in document["classes"]
    ]
    cells = []
    for name, row, spread in (*rows, *((name, document[name], "") for name in AVERAGES)):
        precision, recall, f1 = (percent(row[key]) for key in ("precision", "recall", "f1-score"))
        cells.append([clean(name), precision, recall, spread, f1, f"{row['support']:,}"])
    yield from table_lines(columns, cells, width)
    yield ("percent; [95 %]: Wilson's interval of the recall over the images of the class")
    yield from _confusion_lines(document, width)


def _confusion_lines(document: dict[str, Any], width: int) -> Iterator[str]:
    classes, confusion = document["classes"], document["confusion"]
    yield ""
    if len(classes) <= _MOST_COLUMNS:
        columns = [Column(clean(shorten(name, 10)), right=True) for name in classes]
        rows = [[clean(name), *map(str, counts)] for name, counts in zip(classes, confusion, strict=True)]
        yield from table_lines([Column("true \\ predicted", least=10), *columns], rows, width)
        return
    yield "most confused (true -> predicted, images)"
    for true, predicted, count in most_confused(confusion, classes, _MOST_PAIRS):
        yield f"  {clean(true)} -> {clean(predicted)}  {count}"
