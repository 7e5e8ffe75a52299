"""`cnnlab worker`, `queue`, `follow`: training that does not need this terminal."""

from __future__ import annotations

import math
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import find_run, json_option, open_store, run_argument, runs_option
from engine.cli.output import encodable, print_json, print_line, print_note, print_outcome
from engine.cli.table import line_width, print_lines
from engine.errors import ExitCode, RequestError
from engine.format import counted, duration
from engine.layout import Column, table_lines, wrapped
from engine.listing import ended_words, fetch_words
from engine.text import clean

if TYPE_CHECKING:
    from engine.forecast import SpeedBook
    from engine.store import Run

_LOOK_SECONDS = 0.25
_DOUBT_SECONDS = 5.0
_SILENT_SECONDS = 60.0
_MINUTES = (1, 5, 15, 60, 240, 1440)
_ANY_NUMBER = 10_000
_COLUMNS = (
    Column("state"),
    Column("run", least=20),
    Column("done", right=True),
    Column("left", right=True, drop=1),
    Column("id"),
)


@click.command()
@click.option("--device", metavar="D", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1")
@click.option("--lanes", type=click.IntRange(1, 256), help="runs at once  [default: one a CPU core; on a GPU 1]")
@click.option("--idle", metavar="S", type=click.FloatRange(min=0), default=60.0, show_default=True,
              help="leave after S seconds with nothing to do; 0: never")  # fmt: skip
@runs_option
@json_option
def worker(device: str, lanes: int | None, idle: float, runs_dir: Path | None, as_json: bool) -> int:
    """Train queued runs in this terminal, until there is nothing to do.

    Commands with --detach start one by themselves, in the background. Start one here for tmux, systemd or a batch
    system. There is one for each folder of runs and device.
    """
    from engine.machine import default_lanes, resolve_device
    from engine.worker.daemon import Worker
    from engine.worker.place import WorkerPlace

    if math.isnan(idle):
        raise RequestError("idle: nan is not a number of seconds; 0: never leave", field="idle")
    store = open_store(runs_dir)
    store.check_writable()
    place = WorkerPlace(store, resolve_device(device))
    if not store.root.is_dir():
        raise RequestError(f"{clean(store.root)}: there is no such folder; queue a run first", field="runs")
    code = Worker(place, lanes or default_lanes(place.device, _ANY_NUMBER), idle, _say).serve()
    if as_json:
        from engine.worker.backlog import queue_document

        print_json(queue_document(store))
    return code


def _say(text: str) -> None:
    print_note(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {clean(text)}")


@click.command()
@runs_option
@json_option
def queue(runs_dir: Path | None, as_json: bool) -> int:
    """What trains, what waits, and who serves which device."""
    from engine.forecast import SpeedBook
    from engine.store import Run
    from engine.worker.backlog import NO_WORKER, queue_document
    from engine.worker.place import WorkerPlace

    store = open_store(runs_dir)
    document = queue_document(store)
    if as_json:
        print_json(document)
        return ExitCode.DONE
    width = line_width()
    for row in document["devices"]:
        served = f"worker {row['worker']}, {counted(row['lanes'], 'lane')}" if row["worker"] else NO_WORKER
        kept = WorkerPlace(store, row["device"]).what_keeps_it
        words = f"{row['device']}: {served}{_memory_words(row['memory'])}{f'; {kept}' if kept else ''}"
        print_lines(wrapped(encodable(words), width))
    if not document["runs"]:
        print_note("nothing trains, nothing waits")
        return ExitCode.DONE
    runs = [run for run in (Run(store.root / row["id"]) for row in document["runs"]) if not run.damage]
    book = SpeedBook(store.runs())
    headings, *lines = table_lines(_COLUMNS, [[*map(encodable, _row(run, book))] for run in runs], width)
    print_line(headings)
    for run, line in zip(runs, lines, strict=True):
        print_line(line)
        print_lines(_reason_lines(run, width))
    return ExitCode.DONE


def _reason_lines(run: Run, width: int) -> list[str]:
    """Why it does not train now, below its row; `cnnlab show` has the whole of a long reason."""
    why = encodable(clean(run.document.get("waiting") or fetch_words(run)))
    indent = " " * 4
    return textwrap.wrap(
        why, max(20, width), initial_indent=indent, subsequent_indent=indent, max_lines=3, placeholder=" …"
    )


def _memory_words(memory: dict[str, int] | None) -> str:
    if not memory:
        return ""
    return f"; {memory['used_bytes'] >> 20:,} of {memory['total_bytes'] >> 20:,} MiB of its memory are in use"


def _row(run: Run, book: SpeedBook) -> list[str]:
    progress = (run.progress() or {}) if run.is_alive else {}
    done, total = progress.get("epoch"), progress.get("epochs")
    seconds = progress.get("eta_seconds") if progress else book.seconds(run)
    left = duration(seconds) if progress or seconds is None else f"~{duration(seconds)}"
    return [run.state, clean(run.name), f"{done}/{total}" if done else "-", left, run.id]


@click.command()
@run_argument()
@runs_option
@json_option
def follow(reference: str, runs_dir: Path | None, as_json: bool) -> int:
    """Watch a run until it ends; ctrl-c leaves, and the training goes on."""
    run = find_run(open_store(runs_dir), reference)
    run.check_whole()
    try:
        run = _watch(run)
    except KeyboardInterrupt:
        print_note(f"{clean(run.name)} goes on; watch it again: cnnlab follow {run.id}")
        return ExitCode.DONE
    code = ExitCode.DONE if run.state in ("finished", "stopped") else ExitCode.FAILED
    if as_json:
        print_outcome(run.to_json(), code, ended_words(run))
    elif run.is_over:
        print_line(f"{run.id}  {clean(run.name)}: {ended_words(run)}")
    else:
        print_line(f"{run.id}  {clean(run.name)}: {run.state}")
    return code


def _watch(run: Run) -> Run:
    """Draw a run until nobody executes it any more; returns it as it is then."""
    from engine.cli.progress import open_progress
    from engine.store.pulse import Pulse

    view, pulse, said = open_progress(1), Pulse(), ""
    try:
        while run.is_alive or run.state == "queued":
            view.update([run], ())
            news = _news(run, pulse.silent_seconds(run))
            if news and news != said:
                print_note(f"{clean(run.name)}: {news}")
            said = news
            time.sleep(_LOOK_SECONDS)
            run = run.reload()
        view.update([run], {run.id})
    finally:
        view.close()
    return run


def _news(run: Run, silent_seconds: float) -> str:
    """What a bar does not say."""
    from engine.store import layout
    from engine.store.holder import holder_words, is_stopped
    from engine.worker.backlog import queued_words

    if run.document.get("waiting"):
        return clean(f"{run.state}: {run.document['waiting']}")
    if run.state == "queued":
        return clean(queued_words(run))
    if silent_seconds > _DOUBT_SECONDS and is_stopped(lock := run.path / layout.LOCK):
        return clean(f"no sign of life from {holder_words(lock)}")
    if silent_seconds > _SILENT_SECONDS:
        minutes = max(least for least in _MINUTES if silent_seconds >= 60 * least)
        remedy = "resume" if run.is_doubtful else "stop"
        return f"no sign of life for {minutes} min; see its worker.log, or: cnnlab {remedy} {run.id}"
    return f"paused; cnnlab resume {run.id}" if run.state == "paused" else ""
