"""`cnnlab study`: runs that vary one thing on purpose, over seeds, and their table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.groups import Group
from engine.cli.options import (
    data_dir_option,
    detach_option,
    device_option,
    json_option,
    open_store,
    runs_option,
    settings_from,
    settings_options,
)
from engine.cli.output import print_json, print_line, print_note, print_outcome
from engine.errors import ExitCode, Problem, SettingsError
from engine.text import clean

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.store import Run, RunStore
    from engine.study import Study

MAX_SEEDS = 100


@click.group(cls=Group)
def study() -> None:
    """Vary one thing on purpose, over several seeds, and see what the difference is worth."""


@study.command()
@settings_options
@click.option("--seeds", metavar="N", default="3", show_default=True, help="seeds: --seed, --seed + 1, …")
@click.option("--name", help="name of the study", default="pooling", show_default=True)
@click.option("--tag", "tags", metavar="T", multiple=True, help="a tag for every run; may be repeated")
@detach_option
@click.option("--lanes", type=click.IntRange(1, 256), help="runs at once  [default: one a CPU core; on a GPU 1]")
@device_option
@data_dir_option
@runs_option
@json_option
def pooling(
    seeds: str,
    name: str,
    tags: tuple[str, ...],
    detach: bool,
    lanes: int | None,
    device: str,
    data_dir: Path | None,
    runs_dir: Path | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Train one network for each pooling tactic (stride, max, avg) and seed, and compare.

    \b
    cnnlab study pooling --dataset cifar100 --classes apple,aquarium_fish,baby --epochs 500 --seeds 4
    """
    from engine.cli.train import check_device
    from engine.preparation import build_experiment, default_name, prepare, queue_run
    from engine.study import new_study_id, pooling_plan

    store = open_store(runs_dir)
    settings = settings_from(options)
    if "pooling" in settings.get("model", {}):
        raise SettingsError([Problem("model.pooling", "this study varies it (stride, max, avg); leave it out")])
    experiment = build_experiment(settings, data_dir)
    first = experiment.training.seed
    planned = list(range(first, first + _count(seeds)))
    store.check_writable()
    check_device(device)
    experiment, _ = prepare(experiment, data_dir)
    identity = {"id": new_study_id(), "name": name, "kind": "pooling", "seeds": planned}

    def maker(position: int, label: str, member: Experiment) -> Callable[[], Run]:
        place = {**identity, "position": position, "label": label}
        wish: dict[str, Any] = {"name": default_name(member), "tags": tags, "device": device, "data_dir": data_dir}
        return lambda: queue_run(store, member, **wish, study=place, foreground=not detach)

    plan = pooling_plan(experiment, planned)
    makers = [maker(position, label, member) for position, (label, member) in enumerate(plan, 1)]
    if detach:
        return _leave_to_worker(store, [make() for make in makers], lanes, as_json)
    return _train_here(store, makers, device, lanes, as_json)


def _train_here(
    store: RunStore, makers: Sequence[Callable[[], Run]], device: str, lanes: int | None, as_json: bool
) -> int:
    from engine.cli.foreground import train_in_foreground
    from engine.cli.table import print_comparison
    from engine.study import studies, study_document

    code, begun = train_in_foreground(store, makers, device, lanes)
    found = studies([run.reload() for run in begun])
    if not found:
        return int(code)
    document = study_document(found[0])
    if as_json:
        print_outcome(document, code, _shortfall(found[0]))
    else:
        print_comparison(document["comparison"])
        print_line(f"\nthis again: cnnlab study show {found[0].id}")
    return int(code)


def _leave_to_worker(store: RunStore, runs: Sequence[Run], lanes: int | None, as_json: bool) -> int:
    from engine.study import studies, study_document
    from engine.worker.start import put_to_work

    for problem in put_to_work(store, list(runs), lanes):
        print_note(problem)
    found = studies([run.reload() for run in runs])[0]
    if as_json:
        print_json(study_document(found))
    else:
        for run in runs:
            print_line(f"{run.id}  {clean(run.name)}: {run.reload().state}")
        print_line(f"its table, when it is done: cnnlab study show {found.id}")
    return ExitCode.DONE


@study.command()
@click.argument("reference", metavar="STUDY")
@click.option("--reference", "base", metavar="LABEL", help="what differences are taken to  [default: the first]")
@runs_option
@json_option
def show(reference: str, base: str | None, runs_dir: Path | None, as_json: bool) -> int:
    """A study's table again, from its run folders. STUDY is an id, a unique beginning of one, or a name."""
    from engine.cli.table import print_comparison
    from engine.study import find_study, study_document

    store = open_store(runs_dir)
    document = study_document(find_study(store.runs(), reference), reference=base)
    if as_json:
        print_json(document)
    else:
        print_comparison(document["comparison"])
    return ExitCode.DONE


def _shortfall(study: Study) -> str:
    """What a study that did not end well lacks."""
    states = [run.state for run in study.runs]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return f"of {len(states)} runs begun: {counts}; see `cnnlab study show {study.id}`"


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= MAX_SEEDS:
        raise SettingsError([Problem("seeds", f"{text!r:.60} is not a whole number in 1 … {MAX_SEEDS}")])
    return int(text)
