"""`cnnlab clone`, `edit`, `rm`, `restore`, `prune`: what one does with runs that are there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.options import (
    confirm,
    detach_option,
    device_option,
    find_run,
    find_runs,
    json_option,
    moved_data_option,
    open_store,
    run_argument,
    runs_option,
)
from engine.cli.output import print_json, print_line, print_note
from engine.cli.table import print_table
from engine.cli.waiting import wait_until
from engine.errors import ExitCode, RequestError
from engine.format import counted
from engine.listing import COLUMNS, run_cells
from engine.text import clean

if TYPE_CHECKING:
    from engine.store import RunStore


@click.command()
@run_argument()
@click.option("--run", "train_it", is_flag=True, help="train it, instead of printing its settings")
@click.option("--name", help="with --run: name of the new run")
@detach_option
@device_option
@moved_data_option
@runs_option
@json_option
def clone(
    reference: str,
    train_it: bool,
    name: str | None,
    detach: bool,
    device: str,
    data_dir: Path | None,
    runs_dir: Path | None,
    as_json: bool,
) -> int:
    """The settings of a run as TOML; with --run, the same training again."""
    from engine.cli.train import check_device, finish
    from engine.configuration import to_toml
    from engine.experiment import Experiment
    from engine.preparation import prepare, queue_run

    store = open_store(runs_dir)
    old = find_run(store, reference)
    old.check_whole()
    experiment = Experiment.build(old.experiment)
    if not train_it:
        if as_json:
            print_json(experiment.to_dict())
        else:
            print_line(to_toml(experiment.to_dict()).rstrip())
        return ExitCode.DONE
    store.check_writable()
    check_device(device, here=not detach)
    recorded = (old.document.get("request") or {}).get("data_dir")
    place = data_dir or (Path(recorded) if recorded else None)
    experiment, _ = prepare(experiment, place)
    wish: dict[str, Any] = {"name": name or old.name, "device": device, "data_dir": place}
    run = queue_run(store, experiment, **wish, foreground=not detach)
    return finish(store, run, device, as_json, detach=detach)


@click.command()
@run_argument()
@click.option("--name", help="a new name")
@click.option("--tag", "tags", metavar="T", multiple=True, help="tags, instead of those it has; --tag '' for none")
@click.option("--note", metavar="TEXT", help="a note")
@runs_option
@json_option
def edit(
    reference: str, name: str | None, tags: tuple[str, ...], note: str | None, runs_dir: Path | None, as_json: bool
) -> int:
    """Change a run's name, tags or note."""
    from engine.store import edit_run

    if name is None and not tags and note is None:
        raise RequestError("nothing to change: give --name, --tag or --note")
    run = find_run(open_store(runs_dir), reference)
    kept_tags = list(dict.fromkeys(tag for tag in tags if tag)) if tags else None
    edit_run(run, name=name, tags=kept_tags, note=note)
    wish = {"name": name, "tags": kept_tags, "note": note}
    changed = wait_until(  # whoever trains it changes it, at the end of a chunk of steps
        run.reload(),
        lambda now: (
            not now.is_alive or all(value is None or now.document.get(key) == value for key, value in wish.items())
        ),
    )
    if as_json:
        print_json(changed.to_json())
    else:
        print_line(f"{changed.id}  {clean(changed.name)}  {' '.join(map(clean, changed.tags))}")
    return ExitCode.DONE


@click.command()
@run_argument("references", metavar="RUN...", nargs=-1, required=True)
@runs_option
@json_option
def rm(references: tuple[str, ...], runs_dir: Path | None, as_json: bool) -> int:
    """Move runs to the trash; `cnnlab restore RUN` brings them back."""
    store = open_store(runs_dir)
    runs = find_runs(store, references)
    for run in runs:
        store.trash(run)
        if not as_json:
            print_line(f"{run.id}  {clean(run.name)}: in the trash; cnnlab restore {run.id}")
    if as_json:
        documents = [run.to_json() for run in runs]
        print_json(documents[0] if len(documents) == 1 else {"runs": documents})
    return ExitCode.DONE


def _list_trash(store: RunStore, as_json: bool) -> int:
    runs = store.trashed()
    if as_json:
        print_json({"runs": [run.to_json() for run in runs]})
    elif runs:
        print_table(COLUMNS, map(run_cells, runs))
    else:
        print_note(f"{clean(store.root)}: the trash is empty")
    return ExitCode.DONE


def _complete_trashed(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    runs = open_store(context.params.get("runs_dir")).trashed()
    words = dict.fromkeys(word for run in runs for word in (run.name, run.id))
    return [word for word in words if word.startswith(incomplete)]


@click.command()
@click.argument("reference", metavar="RUN", required=False, shell_complete=_complete_trashed)
@runs_option
@json_option
def restore(reference: str | None, runs_dir: Path | None, as_json: bool) -> int:
    """Bring a run back from the trash; without RUN, list what is in it."""
    store = open_store(runs_dir)
    if reference is None:
        return _list_trash(store, as_json)
    run = store.restore(reference)
    if as_json:
        print_json(run.to_json())
    else:
        print_line(f"{run.id}  {clean(run.name)}: {run.state}")
    return ExitCode.DONE


@click.command()
@click.option("--trash", is_flag=True, help="delete what is in the trash, for ever")
@click.option(
    "--checkpoints", is_flag=True, help="delete the checkpoints of finished runs; they cannot be extended then"
)
@click.option("--yes", is_flag=True, help="do not ask")
@runs_option
@json_option
def prune(trash: bool, checkpoints: bool, yes: bool, runs_dir: Path | None, as_json: bool) -> int:
    """Give back disk space."""
    from engine.store.prune import prune_checkpoints

    if not trash and not checkpoints:
        raise RequestError("say what: --trash, --checkpoints or both")
    store = open_store(runs_dir)
    store.check_writable()
    what = " and ".join(
        words for words, on in (("the trash", trash), ("checkpoints of finished runs", checkpoints)) if on
    )
    confirm(f"delete {what} in {clean(store.root)} for ever?", yes)
    done = {"trash": store.empty_trash() if trash else 0, "checkpoint_bytes": 0}
    if checkpoints:
        done["checkpoint_bytes"] = prune_checkpoints(store)
    if as_json:
        print_json(done)
    else:
        given_back = counted(done["checkpoint_bytes"], "byte")
        print_line(f"{counted(done['trash'], 'run')} deleted from the trash, {given_back} of checkpoints")
    return ExitCode.DONE
