"""`cnnlab report`: the scores of every class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.cli.options import find_run, json_option, open_store, run_argument, runs_option
from engine.cli.output import print_json, print_line
from engine.cli.table import print_table
from engine.errors import ExitCode, RequestError
from engine.format import interval, percent
from engine.layout import Column
from engine.text import clean, shorten

_MOST_COLUMNS = 10
_MOST_PAIRS = 10


@click.command()
@run_argument()
@click.option("--split", default="test", show_default=True, help="train, validation, test")
@click.option("--csv", "as_csv", is_flag=True, help="a row a class, for other programs")
@click.option(
    "--html",
    "page",
    metavar="F",
    type=click.Path(path_type=Path, readable=False),
    help="write a page that stands alone",
)
@runs_option
@json_option
def report(reference: str, split: str, as_csv: bool, page: Path | None, runs_dir: Path | None, as_json: bool) -> int:
    """Precision, recall and F1 of every class, and what it is confused with.

    \b
    cnnlab report @best --split train
    cnnlab report @last --csv > report.csv
    """
    from engine.report_formats import report_document, to_csv, to_html

    if as_csv and as_json:
        raise RequestError("--json, --csv: give one of them")
    run = find_run(open_store(runs_dir), reference)
    document = report_document(run, split)
    if page is not None:
        from engine.store.files import check_target, replace_file

        check_target(page, "html")
        replace_file(page, to_html(document, f"{run.name} ({run.id})").encode())
    if as_json:
        print_json(document)
    elif as_csv:
        print_line(to_csv(document).removesuffix("\n"))
    elif page is not None:
        print_line(clean(page))
    else:
        print_line(f"{clean(run.name)}  {run.id}")
        _print_report(document)
    return ExitCode.DONE


def _print_report(document: dict[str, Any]) -> None:
    from engine.report_formats import AVERAGES, recall_interval
    from engine.statistics import wilson

    images, split = document["images"], document["split"]
    low, high = wilson(round(document["accuracy"] * images), images)
    print_line(
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
    print_table(columns, cells)
    print_line("percent; [95 %]: Wilson's interval of the recall over the images of the class")
    _print_confusion(document)


def _print_confusion(document: dict[str, Any]) -> None:
    from engine.evaluation import most_confused

    classes, confusion = document["classes"], document["confusion"]
    print_line()
    if len(classes) <= _MOST_COLUMNS:
        columns = [Column(clean(shorten(name, 10)), right=True) for name in classes]
        rows = [[clean(name), *map(str, counts)] for name, counts in zip(classes, confusion, strict=True)]
        print_table([Column("true \\ predicted", least=10), *columns], rows)
        return
    print_line("most confused (true -> predicted, images)")
    for true, predicted, count in most_confused(confusion, classes, _MOST_PAIRS):
        print_line(f"  {clean(true)} -> {clean(predicted)}  {count}")
