"""`cnnlab report`: the scores of every class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.options import find_run, json_option, open_store, run_argument, runs_option
from engine.cli.output import print_json, print_line
from engine.cli.table import line_width, print_lines
from engine.errors import ExitCode, RequestError
from engine.text import clean, clean_lines

if TYPE_CHECKING:
    from engine.store import Run

_MOST_PAIRS = 10


@click.command()
@run_argument()
@click.option("--split", default="test", show_default=True, help="train, validation, test")
@click.option("--reference", "base", metavar="RUN", help="what changed from this run, on the same images")
@click.option("--wrong", is_flag=True, help="draw the images that it is wrong about, the surest mistakes first")
@click.option("--true", "true", metavar="C", help="with --wrong: only images of this class")
@click.option("--said", metavar="C", help="with --wrong: only images taken for this class")
@click.option("--count", type=click.IntRange(1, 1000), default=8, show_default=True, help="with --wrong: most images")
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
def report(
    reference: str,
    split: str,
    base: str | None,
    wrong: bool,
    true: str | None,
    said: str | None,
    count: int,
    as_csv: bool,
    page: Path | None,
    runs_dir: Path | None,
    as_json: bool,
) -> int:
    """Precision, recall and F1 of every class, and what it is confused with.

    \b
    cnnlab report @best --split train
    cnnlab report max-s0 --reference stride-s0
    cnnlab report @best --wrong --true apple
    cnnlab report @last --csv > report.csv
    """
    from engine.cli.mistakes import check_class, find_mistakes, mistake_row, pair_row, print_mistakes
    from engine.report.confusion import Confusion
    from engine.report.formats import report_document, to_csv, to_html
    from engine.report.lines import report_lines

    if as_csv and as_json:
        raise RequestError("--json, --csv: give one of them")
    if (true is not None or said is not None) and not wrong:
        raise RequestError("--true, --said: they choose among the images of --wrong; give that too", field="wrong")
    store = open_store(runs_dir)
    run = find_run(store, reference)
    document = report_document(run, split)
    document["most_confused"] = [pair_row(pair) for pair in Confusion.of(document).pairs()[:_MOST_PAIRS]]
    change, other = None, None
    if base is not None:
        from engine.report.against import against

        other = find_run(store, base)
        change = against(run, other, document, report_document(other, split))
        document = {**document, "against": {**change.to_json(), "flips": _flips(run, other, document)}}
    if wrong:
        check_class("true", true, document["classes"])
        check_class("said", said, document["classes"])
        mistakes, labels = find_mistakes(run, other, document, true, said)
        document = {**document, "wrong": [mistake_row(one) for one in mistakes[:count]]}
    if page is not None:
        from engine.store.files import check_target, replace_file

        check_target(page, "html")
        replace_file(page, to_html(document, f"{run.name} ({run.id})").encode())
    if as_json:
        print_json(document)
    elif as_csv:
        print_line(clean_lines(to_csv(document)).removesuffix("\n"))
    elif page is not None:
        print_line(clean(page))
    else:
        print_line(f"{clean(run.name)}  {run.id}")
        print_lines(report_lines(document, line_width(), change))
        if wrong:
            print_mistakes(run, split, labels, mistakes, count)
    return ExitCode.DONE


def _flips(run: Run, reference: Run, document: dict[str, Any]) -> list[dict[str, Any]]:
    """Images that the two runs said different things of; empty where their predictions are not kept."""
    from engine.report.flips import find_flips
    from engine.report.images import Predictions

    classes, split = tuple(document["classes"]), document["split"]
    mine, theirs = Predictions.of(run, split, classes), Predictions.of(reference, split, classes)
    return find_flips(mine, theirs) if mine is not None and theirs is not None else []
