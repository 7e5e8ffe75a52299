"""`cnnlab report`: the scores of every class."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import find_run, json_option, open_store, run_argument, runs_option
from engine.cli.output import print_json, print_line
from engine.cli.table import line_width, print_lines
from engine.errors import ExitCode, RequestError
from engine.text import clean, clean_lines


@click.command()
@run_argument()
@click.option("--split", default="test", show_default=True, help="train, validation, test")
@click.option("--reference", "base", metavar="RUN", help="what changed from this run, on the same images")
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
    as_csv: bool,
    page: Path | None,
    runs_dir: Path | None,
    as_json: bool,
) -> int:
    """Precision, recall and F1 of every class, and what it is confused with.

    \b
    cnnlab report @best --split train
    cnnlab report max-s0 --reference stride-s0
    cnnlab report @last --csv > report.csv
    """
    from engine.report.formats import report_document, to_csv, to_html
    from engine.report.lines import report_lines

    if as_csv and as_json:
        raise RequestError("--json, --csv: give one of them")
    store = open_store(runs_dir)
    run = find_run(store, reference)
    document = report_document(run, split)
    change = None
    if base is not None:
        from engine.report.against import against

        other = find_run(store, base)
        change = against(run, other, document, report_document(other, split))
        document = {**document, "against": change.to_json()}
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
    return ExitCode.DONE
