"""`cnnlab train`, `resume`, `extend`: one run in the foreground."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.fetch import leave_fetch
from engine.cli.options import (
    data_dir_option,
    detach_option,
    device_option,
    fetch_option,
    find_run,
    json_option,
    moved_data_option,
    open_store,
    run_argument,
    runs_option,
    settings_from,
    settings_options,
)
from engine.cli.output import print_json, print_line, print_note, print_outcome
from engine.errors import ExitCode, LabError, RefusedError, RequestError
from engine.format import counted
from engine.listing import ended_words
from engine.machine import missing_gpu
from engine.text import clean, shorten

if TYPE_CHECKING:
    from engine.store import Run, RunStore

_DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]{1,4})?")


@click.command()
@settings_options
@click.option("--name", help="name of the run  [default: data set, classes, pooling, seed]")
@click.option("--tag", "tags", metavar="T", multiple=True, help="a tag; may be repeated")
@detach_option
@fetch_option
@device_option
@data_dir_option
@runs_option
@json_option
def train(
    name: str | None,
    tags: tuple[str, ...],
    detach: bool,
    fetch: bool,
    device: str,
    data_dir: Path | None,
    runs_dir: Path | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Train one network.

    \b
    cnnlab train --dataset digits --classes 0,1,2 --pooling max --epochs 60
    cnnlab train --config settings.toml --set training.lr=0.01
    """
    from engine.preparation import build_experiment, prepare_all, queue_run

    store = open_store(runs_dir)
    experiment = build_experiment(settings_from(options), data_dir)
    store.check_writable()
    check_device(device, here=not detach)
    fetch = fetch and leave_fetch([experiment.dataset.name], data_dir, detach=detach)
    (experiment,) = prepare_all([experiment], data_dir, fetch=fetch)
    wish: dict[str, Any] = {"name": name, "tags": tags, "device": device, "data_dir": data_dir, "fetch": fetch}
    run = queue_run(store, experiment, **wish, foreground=not detach)
    return finish(store, run, device, as_json, detach=detach)


@click.command()
@run_argument(required=False)
@click.option("--all", "all_of_them", is_flag=True, help="queue every interrupted run for a worker")
@detach_option
@click.option("--device", metavar="D", help="auto, cpu, cuda, cuda:1  [default: where it was to train]")
@moved_data_option
@runs_option
@json_option
def resume(
    reference: str | None,
    all_of_them: bool,
    detach: bool,
    device: str | None,
    data_dir: Path | None,
    runs_dir: Path | None,
    as_json: bool,
) -> int:
    """Go on with an interrupted or stopped run; let a paused one go on.

    It goes on to the history and weights of a run that was never interrupted.
    """
    store = open_store(runs_dir)
    if device is not None:
        check_device(device, here=False)
    if all_of_them == (reference is not None):
        raise RequestError("name one run, or give --all", field="run")
    if reference is None:
        return _resume_all(store, device, data_dir, as_json)
    run = find_run(store, reference)
    run.check_whole()
    if run.state == "paused":
        from engine.cli.waiting import wait_until

        if run.document.get("waiting"):
            raise RefusedError(f"{clean(run.name)} goes on by itself: {run.document['waiting']}", field="run")
        run.request("resume")
        return _say(wait_until(run, lambda run: run.state != "paused"), ExitCode.DONE, as_json)
    if run.is_alive and not _is_given_up(run):
        raise RefusedError(f"{clean(run.name)} is {run.state}: it is being trained now", field="run")
    if run.state == "finished":
        raise RequestError(
            f"{clean(run.name)} is finished; to train longer: cnnlab extend {run.id} --epochs N", field="run"
        )
    if not run.is_alive and run.state not in ("interrupted", "stopped", "queued", "failed"):
        raise RequestError(f"{clean(run.name)} is {run.state}; there is nothing to go on with", field="run")
    wish = device or str((run.document.get("request") or {}).get("device") or "auto")
    check_device(wish, here=not detach)
    if data_dir is not None:
        from engine.preparation import move_data

        move_data(run, data_dir)
    if detach:
        from engine.worker.backlog import requeue

        run = requeue(run, wish)
    return finish(store, run, wish, as_json, detach=detach)


def _note_memory(run: Run) -> None:
    """Say before the start how much of its GPU others use."""
    from engine.telemetry import device_memory
    from engine.worker.backlog import device_of

    device = device_of(run)
    if memory := device_memory(device):
        used, total = memory["used_bytes"] >> 20, memory["total_bytes"] >> 20
        print_note(f"{device}: {used:,} of {total:,} MiB of its memory are in use before this run starts")


def _is_given_up(run: Run) -> bool:
    """Whether nobody executes it after all, though no lock can tell."""
    if not run.is_doubtful:
        return False
    from engine.store.pulse import stands_still

    print_note("locks do not reach other hosts here; watching whether it moves, for a minute or more")
    return stands_still(run)


def _resume_all(store: RunStore, device: str | None, data_dir: Path | None, as_json: bool) -> int:
    """Queue what was interrupted, and see that workers serve all that waits."""
    from engine.preparation import move_data
    from engine.worker.backlog import queued_runs, requeue, was_left_behind
    from engine.worker.start import put_to_work

    runs = []
    for run in reversed(store.runs()):
        if run.state != "interrupted" and not was_left_behind(run):
            continue
        try:
            if data_dir is not None:
                move_data(run, data_dir)
            runs.append(requeue(run, device))
        except LabError as error:  # of one run, and none of the others' business
            print_note(f"{clean(run.name)}: {error.message}")
    for problem in put_to_work(store, queued_runs(store.runs())):
        print_note(problem)
    if as_json:
        print_json({"runs": [run.reload().to_json() for run in runs]})
    else:
        for run in runs:
            print_line(f"{run.id}  {clean(run.name)}: queued")
        print_note(f"{counted(len(runs), 'interrupted run')} queued; see `cnnlab queue`")
    return ExitCode.DONE


@click.command()
@run_argument()
@click.option("--epochs", required=True, metavar="N", help="epochs in all, those already done included")
@click.option("--name", help="name of the new run  [default: the old one's, with the epochs]")
@detach_option
@device_option
@moved_data_option
@runs_option
@json_option
def extend(
    reference: str,
    epochs: str,
    name: str | None,
    detach: bool,
    device: str,
    data_dir: Path | None,
    runs_dir: Path | None,
    as_json: bool,
) -> int:
    """Train longer: a new run that starts where RUN ended.

    With a constant learning rate it equals, to the bit, one trained that long at once.
    """
    from engine.configuration import parse_value
    from engine.extension import extend_run

    store = open_store(runs_dir)
    store.check_writable()
    check_device(device, here=not detach)
    old = find_run(store, reference)
    wish: dict[str, Any] = {"name": name, "device": device, "data_dir": data_dir, "foreground": not detach}
    run, warning = extend_run(store, old, parse_value(epochs), **wish)
    if warning:
        print_note(warning)
    return finish(store, run, device, as_json, detach=detach)


def check_device(device: str, *, here: bool) -> None:
    """Whether the word can be a device and, if the training is to be done `here`, whether that device is there.

    Raises:
        RequestError: naming what is there. What only torch can tell is left to the process that trains.
    """
    if not _DEVICE.fullmatch(device):
        raise RequestError(
            f"device: {clean(shorten(device, 60))!r} is not one of auto, cpu, cuda, cuda:0, cuda:1, …", field="device"
        )
    if here and (why := missing_gpu(device)):
        message = f"device: {device!r} is not there: {why}; give --device cpu, or see `cnnlab doctor`"
        raise RequestError(message, field="device")


def finish(store: RunStore, run: Run, device: str, as_json: bool, *, detach: bool = False) -> int:
    """Train a run in the foreground and say how it ended; or leave it to a worker and say its id."""
    _note_memory(run)
    if detach:
        from engine.worker.start import put_to_work

        for problem in put_to_work(store, [run]):
            print_note(problem)
        return _say(run.reload(), ExitCode.DONE, as_json)
    from engine.cli.foreground import train_in_foreground

    code, _ = train_in_foreground(store, [lambda: run], device)
    return _say(run.reload(), code, as_json)


def _say(run: Run, code: ExitCode, as_json: bool) -> int:
    if as_json:
        print_outcome(run.to_json(), code, ended_words(run))
    elif run.is_over:
        print_line(f"{run.id}  {clean(run.name)}: {ended_words(run)}")
    else:
        print_line(f"{run.id}  {clean(run.name)}: {run.state}")
    return int(code)
