"""A run's report on one split as lines of text: scores of every class, and what it is confused with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.format import counted, interval, percent
from engine.layout import Column, table_lines, wrapped
from engine.proportion import wilson
from engine.report.against import Against
from engine.report.confusion import Confusion
from engine.report.formats import AVERAGES
from engine.report.table import average_rows, class_rows, score_fields
from engine.text import clean, shorten

_MOST_COLUMNS = 10
_MOST_PAIRS = 10
_ON_SCREEN = ("said", "worst")  # the matrix or the pairs below say the same


def report_lines(document: dict[str, Any], width: int, change: Against | None = None) -> Iterator[str]:
    """The document of `report`, for a reader with so many cells to a line; `change` is against a reference."""
    images, split = document["images"], document["split"]
    low, high = wilson(round(document["accuracy"] * images), images)
    yield (
        f"{split}: {counted(images, 'image')}, accuracy {percent(document['accuracy'])} % {interval(low, high)}; "
        f"epoch {document['selected_epoch']}, selected on {document['selected_on']}"
    )
    fields = [field for field in score_fields(with_change=change is not None) if field.key not in _ON_SCREEN]
    rows = [*class_rows(document, change), *average_rows(document, change)[: len(AVERAGES)]]
    cells = [[field.text(row) for field in fields] for row in rows]
    yield from table_lines([field.column for field in fields], cells, width)
    yield "percent; [95 %]: Wilson's interval of the recall over the images of the class"
    if change is not None:
        for sentence in change.sentences():
            yield from wrapped(sentence, width)
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
    for pair in Confusion.of(document).pairs()[:_MOST_PAIRS]:
        yield f"  {clean(pair.true)} -> {clean(pair.said)}  {pair.count}"
