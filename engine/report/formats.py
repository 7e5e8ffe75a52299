"""A run's report on one split as a document, as CSV and as a page."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterator
from typing import Any

from engine.errors import DataError, RequestError
from engine.format import percent
from engine.proportion import wilson
from engine.report.absent import no_report_words
from engine.store import Run
from engine.text import clean

SCORES = ("precision", "recall", "f1-score", "support")
AVERAGES = ("macro avg", "weighted avg")


def report_document(run: Run, split: str) -> dict[str, Any]:
    """The document of `cnnlab report --json`.

    Raises:
        RequestError: if the run has no report, or none for this split.
        DataError: if report.json is not what was written.
    """
    return split_document(run, run.report(), split)


def split_document(run: Run, report: dict[str, Any] | None, split: str) -> dict[str, Any]:
    """`report_document` from a `report.json` that has been read.

    Raises:
        RequestError, DataError: as `report_document`.
    """
    if report is None:
        if run.damage:
            raise DataError(f"{clean(run.name)} is {no_report_words(run)}; see `cnnlab doctor`", field="run")
        progress = run.progress() if run.is_alive else None
        raise RequestError(f"{clean(run.name)} is {no_report_words(run, progress)}", field="run")
    splits = report.get("splits") or {}
    if split not in splits:
        raise RequestError(f"split: {clean(split)!r} is not one of {', '.join(splits)}", field="split")
    if not _is_whole(report.get("classes"), splits[split]):
        raise DataError(f"{clean(run.name)}: report.json is damaged; see `cnnlab doctor`")
    return {
        "run": run.id,
        "split": split,
        "classes": report["classes"],
        **splits[split],
        "selected_epoch": report.get("selected_epoch"),
        "selected_on": report.get("selected_on"),
    }


def _is_whole(classes: Any, part: Any) -> bool:
    """Every number that a reader of this split goes by is there."""
    try:
        rows = [part["per_class"][name] for name in classes] + [part[name] for name in AVERAGES]
        scores = [row[key] for row in rows for key in SCORES]
        counts = [count for row in part["confusion"] for count in row]
        shape = [len(classes)] * len(classes)
        numbers = [*scores, *counts, part["images"], part["accuracy"]]
        return [len(row) for row in part["confusion"]] == shape and all(type(n) in (int, float) for n in numbers)
    except (KeyError, TypeError):
        return False


def recall_interval(document: dict[str, Any], name: str) -> tuple[float, float]:
    """Wilson's 95 % interval of a class's recall, over its images."""
    scores = document["per_class"][name]
    return wilson(round(scores["recall"] * scores["support"]), scores["support"])


def to_csv(document: dict[str, Any]) -> str:
    """One row a class, then the averages, then accuracy."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["class", "precision", "recall", "recall_low", "recall_high", "f1-score", "support"])
    for name, row, low, high in _rows(document):
        writer.writerow([name, row["precision"], row["recall"], low, high, row["f1-score"], row["support"]])
    images = document["images"]
    low, high = wilson(round(document["accuracy"] * images), images)
    writer.writerow(["accuracy", "", document["accuracy"], low, high, "", images])
    return out.getvalue()


def to_html(document: dict[str, Any], title: str) -> str:
    """One page that needs nothing else; every name is escaped."""
    head = "".join(f"<th>{text}</th>" for text in ("class", "precision", "recall", "95 %", "F1", "images"))
    rows = []
    for name, row, low, high in _rows(document):
        spread = "" if low is None else f"{percent(low)} … {percent(high)}"
        numbers = [percent(row["precision"]), percent(row["recall"]), spread, percent(row["f1-score"]), row["support"]]
        rows.append(f"<tr><th>{_escape(name)}</th>{''.join(f'<td>{number}</td>' for number in numbers)}</tr>")
    names = [_escape(name) for name in document["classes"]]
    matrix = "".join(
        f"<tr><th>{name}</th>{''.join(_cell(count, max(map(max, document['confusion']))) for count in counts)}</tr>"
        for name, counts in zip(names, document["confusion"], strict=True)
    )
    return _PAGE.format(
        title=_escape(title),
        about=_escape(
            f"{document['split']}: {document['images']} images, accuracy {percent(document['accuracy'], 2)} %; "
            f"epoch {document['selected_epoch']}, selected on {document['selected_on']}"
        ),
        head=head,
        rows="\n".join(rows),
        columns="".join(f"<th>{name}</th>" for name in names),
        matrix=matrix,
    )


def _rows(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], float | None, float | None]]:
    for name in document["classes"]:
        yield name, document["per_class"][name], *recall_interval(document, name)
    for name in AVERAGES:
        yield name, document[name], None, None


def _cell(count: int, most: int) -> str:
    share = 0 if not most else round(60 * count / most)
    return f'<td style="background: color-mix(in srgb, steelblue {share}%, transparent)">{count}</td>'


def _escape(text: str) -> str:
    return html.escape(clean(text))


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color-scheme: light dark }}
td, th {{ padding: .15rem .8rem; text-align: right; font-variant-numeric: tabular-nums }}
tr > th:first-child {{ text-align: left }}
</style>
<h1>{title}</h1><p>{about}</p>
<table><tr>{head}</tr>
{rows}
</table>
<h2>Confusion</h2><p>Rows true, columns predicted.</p>
<table><tr><th></th>{columns}</tr>{matrix}</table>
</html>
"""
