"""`cnnlab train`, `resume`, `extend`: one run in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.cli.options import (
    data_dir_option,
    device_option,
    find_run,
    json_option,
    open_store,
    run_argument,
    runs_option,
    settings_from,
    settings_options,
)
from engine.cli.output import print_json, print_line
from engine.cli.progress import ended_words
from engine.errors import ExitCode, RefusedError, RequestError
from engine.text import clean


@click.command()
@settings_options
@click.option("--name", help="name of the run  [default: data set, classes, pooling, seed]")
@click.option("--tag", "tags", metavar="T", multiple=True, help="a tag; may be repeated")
@device_option
@data_dir_option
@runs_option
@json_option
def train(
    name: str | None,
    tags: tuple[str, ...],
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
    from engine.experiment import Experiment
    from engine.preparation import prepare, queue_run

    store = open_store(runs_dir)
    experiment = Experiment.build(settings_from(options))
    store.check_writable()
    check_device(device)
    experiment, _ = prepare(experiment, data_dir)
    run = queue_run(store, experiment, name=name, tags=tags, device=device, data_dir=data_dir)
    return finish(store, run, device, as_json)


@click.command()
@run_argument()
@device_option
@runs_option
@json_option
def resume(reference: str, device: str, runs_dir: Path | None, as_json: bool) -> int:
    """Go on with an interrupted or stopped run; let a paused one go on."""
    store = open_store(runs_dir)
    run = find_run(store, reference)
    if run.state == "paused":
        run.request("resume")
        return _say(run.reload(), ExitCode.DONE, as_json)
    if run.is_alive:
        raise RefusedError(f"{clean(run.name)} is {run.state}: it is being trained now", field="run")
    if run.state == "finished":
        raise RequestError(
            f"{clean(run.name)} is finished; to train longer: cnnlab extend {run.id} --epochs N", field="run"
        )
    if run.state not in ("interrupted", "stopped", "queued", "failed"):
        raise RequestError(f"{clean(run.name)} is {run.state}; there is nothing to go on with", field="run")
    check_device(device)
    return finish(store, run, device, as_json)


@click.command()
@run_argument()
@click.option("--epochs", required=True, metavar="N", help="epochs in all, those already done included")
@click.option("--name", help="name of the new run  [default: the old one's, with the epochs]")
@device_option
@runs_option
@json_option
def extend(reference: str, epochs: str, name: str | None, device: str, runs_dir: Path | None, as_json: bool) -> int:
    """Train longer: a new run that starts where RUN ended.

    With a constant learning rate it equals, to the bit, one trained that long at once.
    """
    from engine.configuration import parse_value
    from engine.extension import extend_run

    store = open_store(runs_dir)
    store.check_writable()
    check_device(device)
    run, warning = extend_run(store, find_run(store, reference), parse_value(epochs), name=name, device=device)
    if warning:
        click.echo(warning, err=True)
    return finish(store, run, device, as_json)


def check_device(device: str) -> None:
    """Whether the word can be a device; whether it is there, the process that trains finds out."""
    kind, _, index = device.partition(":")
    if not (device in ("auto", "cpu", "cuda") or (kind == "cuda" and index.isdecimal())):
        raise RequestError(
            f"device: {clean(device)!r} is not one of auto, cpu, cuda, cuda:0, cuda:1, …", field="device"
        )


def finish(store: Any, run: Any, device: str, as_json: bool) -> int:
    """Train a run in the foreground and say how it ended."""
    from engine.cli.foreground import train_in_foreground

    code = train_in_foreground(store, [run], device)
    return _say(run.reload(), code, as_json)


def _say(run: Any, code: ExitCode, as_json: bool) -> int:
    if as_json:
        print_json(run.to_json())
    elif run.is_over:
        print_line(f"{run.id}  {clean(run.name)}: {ended_words(run)}")
    else:
        print_line(f"{run.id}  {clean(run.name)}: {run.state}")
    return int(code)
