"""`cnnlab compare`: runs side by side."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import find_runs, json_option, open_store, run_argument, runs_option
from engine.cli.output import print_json, print_line
from engine.errors import ExitCode, RequestError
from engine.text import clean_lines


@click.command()
@run_argument("references", metavar="RUN RUN...", nargs=-1, required=True)
@click.option("--reference", "base", metavar="LABEL|RUN", help="what differences are taken to  [default: the first]")
@click.option("--split", default="test", show_default=True, help="whose images pairs of models are scored on")
@click.option("--csv", "as_csv", is_flag=True, help="one row a run, for other programs")
@click.option("--markdown", "as_markdown", is_flag=True, help="one row a setting, for a page")
@runs_option
@json_option
def compare(
    references: tuple[str, ...],
    base: str | None,
    split: str,
    as_csv: bool,
    as_markdown: bool,
    runs_dir: Path | None,
    as_json: bool,
) -> int:
    """What differs between runs, which is best, and whether the difference is real.

    Runs that differ in nothing but their seed are one setting; from three seeds in common on, a difference has an
    interval and a p. Two single runs are two models, compared on the same images.

    \b
    cnnlab compare digits-10-max-s0 digits-10-avg-s0
    cnnlab compare RUN RUN RUN --csv > runs.csv
    """
    from engine.cli.table import print_comparison
    from engine.comparison import compare as compare_runs
    from engine.comparison import to_csv, to_markdown

    if sum((as_csv, as_markdown, as_json)) > 1:
        raise RequestError("--json, --csv, --markdown: give one of them")
    store = open_store(runs_dir)
    runs = find_runs(store, references)
    for run in runs:
        run.check_whole()
    if len(runs) < 2:
        raise RequestError("a comparison needs two runs or more; see `cnnlab runs`", field="run")
    document = compare_runs(runs, reference=base, split=split)
    if as_json:
        print_json(document)
    elif as_csv or as_markdown:
        print_line(clean_lines(to_csv(document) if as_csv else to_markdown(document)).removesuffix("\n"))
    else:
        print_comparison(document)
    return ExitCode.DONE
