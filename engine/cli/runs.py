"""`cnnlab runs`, `show`: what there is."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.options import find_run, json_option, open_store, run_argument, runs_option
from engine.cli.output import print_json, print_line, print_note
from engine.cli.table import print_table
from engine.description import describe_run
from engine.errors import ExitCode
from engine.format import counted, percent
from engine.listing import COLUMNS, is_selected_on_test, run_cells
from engine.text import clean

if TYPE_CHECKING:
    from engine.store import Run, RunStore

_LAST_EPOCHS = 5


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """While ten thousand runs are read, nothing is thrown away, and looking for it takes a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@click.command()
@click.option("--filter", "expression", metavar="EXPR", default="", help="as in: state:finished pooling:max test>0.8")
@click.option("--sort", "key", metavar="KEY", help="a setting, or test, val, gap, time, …; -KEY turns it round")
@runs_option
@json_option
@_garbage_kept()
def runs(expression: str, key: str | None, runs_dir: Path | None, as_json: bool) -> int:
    """List runs, newest first.

    Words of a filter must all hold: a bare one is looked for in name, id, tags and classes; key:value in that
    setting, state or study; key>0.9 (< <= >= =) compares numbers.

    \b
    cnnlab runs --filter "pooling:max test>0.8" --sort test
    """
    from engine.filters import parse_filter, sort_runs

    store = open_store(runs_dir, slim=False)  # it is gone before its memory matters
    test = parse_filter(expression)
    found = [run for run in store.runs() if test(run)]
    if key:
        found = sort_runs(found, key)
    if as_json:
        print_json({"runs": [run.to_json() for run in found]})
    elif found:
        print_table(COLUMNS, map(run_cells, found))
        if any(map(is_selected_on_test, found)):
            print_line("(*: selected on test, so too high)")
        _tell_of_waiting(store, found)
    else:
        words = "no run fits the filter" if expression.strip() else "no runs yet; see `cnnlab train --help`"
        print_note(f"{clean(store.root)}: {words}")
    return ExitCode.DONE


def _tell_of_waiting(store: RunStore, found: Sequence[Run]) -> None:
    """Queued runs that will not move by themselves, a line a device."""
    if all(run.state != "queued" for run in found):
        return
    from engine.worker.backlog import NO_WORKER, device_of, queued_runs
    from engine.worker.place import WorkerPlace

    waiting = queued_runs(found)
    for device in dict.fromkeys(map(device_of, waiting)):
        if not WorkerPlace(store, device).is_manned:
            count = sum(device_of(run) == device for run in waiting)
            print_note(f"{count} queued for {clean(device)}, which has {NO_WORKER}")


@click.command()
@run_argument()
@runs_option
@json_option
def show(reference: str, runs_dir: Path | None, as_json: bool) -> int:
    """Everything about a run: settings, environment, numbers, last epochs."""
    run = find_run(open_store(runs_dir), reference)
    history = run.history()
    if as_json:
        print_json({**run.to_json(), "history": history.records})
        return ExitCode.DONE
    print_line(f"{clean(run.name)}  {run.id}  {run.state}")
    for label, value in describe_run(run):
        print_line(f"  {label:<28} {clean(value)}")
    for record in history.records[-_LAST_EPOCHS:]:
        print_line(f"  epoch {record['epoch']:<22} {_epoch_words(record)}")
    if history.skipped:
        print_note(f"skipped: {counted(history.skipped, 'damaged line')} of the history")
    return ExitCode.DONE


def _epoch_words(record: dict[str, Any]) -> str:
    parts = []
    for split in ("train", "validation"):
        if record.get(split):
            loss, accuracy = record[split]["loss"]["mean"], record[split]["accuracy"]["mean"]
            shown = "-" if loss is None else f"{loss:.4f}"
            parts.append(f"{split} loss {shown} accuracy {percent(accuracy)} %")
    return ", ".join(parts)
