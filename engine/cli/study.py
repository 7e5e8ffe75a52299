"""`cnnlab study`: runs that vary one thing on purpose, over seeds, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from engine.cli.groups import Group
from engine.cli.options import (
    json_option,
    open_store,
    runs_option,
    settings_from,
    settings_options,
)
from engine.cli.output import print_json, print_note
from engine.cli.study_start import Wishes, print_study, run_study, study_options
from engine.configuration import Settings, merge
from engine.errors import ExitCode, Problem, RequestError, SettingsError, suggestion
from engine.text import clean


@click.group(cls=Group)
def study() -> None:
    """Vary one thing on purpose, over several seeds, and see what the difference is worth."""


@study.command()
@settings_options
@study_options("pooling")
def pooling(**options: Any) -> int:
    """Train one network for each pooling tactic (stride, max, avg) and seed, and compare.

    \b
    cnnlab study pooling --dataset cifar100 --classes apple,aquarium_fish,baby --epochs 500 --seeds 4
    """
    from engine.preparation import build_experiment
    from engine.study import pooling_members

    wishes = Wishes.take(options)
    given = settings_from({**options, "preset": None})  # a preset may name one tactic: the study goes over it
    settings = settings_from(options)
    if "pooling" in given.get("model", {}):
        raise SettingsError([Problem("model.pooling", "this study varies it (stride, max, avg); leave it out")])
    experiment = build_experiment(settings, wishes.data_dir)
    if not experiment.model.depends_on_pooling:
        message = 'no layer of type "reduce" is among them, so the tactics would be the same network'
        raise SettingsError([Problem("model.layers", message)])
    return run_study("pooling", pooling_members(experiment), wishes)


@study.command()
@settings_options
@study_options("ladder")
def ladder(**options: Any) -> int:
    """Climb from the laboratory network up, one change a rung, each measured against the rung below.

    Settings that are given hold on every rung. --pooling all climbs once with each tactic; the default is the pick
    of the newest pooling study on the same classes, else max.

    \b
    cnnlab study ladder --dataset cifar100 --classes apple,aquarium_fish,baby --seeds 3
    """
    from engine.preparation import build_experiment
    from engine.study import TACTICS
    from engine.study_plans import ladder_plan

    wishes = Wishes.take(options)
    settings = settings_from(options)
    wished = settings.setdefault("model", {}).pop("pooling", None)
    build_experiment(settings, wishes.data_dir)
    if wished not in (None, "all", *TACTICS):
        allowed = ("all", *TACTICS)
        message = f"{clean(wished)!r} is not one of {', '.join(allowed)}{suggestion(str(wished), allowed)}"
        raise SettingsError([Problem("model.pooling", message)])
    tactics: Sequence[str] = TACTICS if wished == "all" else (wished or _best_tactic(wishes, settings),)
    return run_study("ladder", ladder_plan(settings, tactics), wishes)


@study.command()
@settings_options
@study_options("grid")
def grid(**options: Any) -> int:
    """Train every combination of alternatives, and compare them; the pick is by validation.

    Alternatives of a setting are a list, or --set repeated.

    \b
    cnnlab study grid --set 'training.lr=[0.01, 0.03, 0.1]' --set 'model.hidden_size=[32, 64]' --epochs 60 --lr 0.05
    """
    from engine.study_plans import grid_plan

    wishes = Wishes.take(options)
    settings, axes = _axes(options)
    if not axes:
        message = "a grid needs alternatives: --set 'training.lr=[0.01, 0.03]', or --set repeated for a setting"
        raise RequestError(message, field="set")
    return run_study("grid", grid_plan(settings, axes), wishes)


@study.command()
@settings_options
@study_options("seeds")
def seeds(**options: Any) -> int:
    """The same training with several seeds: how much of a difference is chance?

    \b
    cnnlab study seeds --dataset cifar100 --classes apple,aquarium_fish,baby --seeds 4
    """
    from engine.preparation import build_experiment
    from engine.study import Planned

    wishes = Wishes.take(options)
    return run_study("seeds", [Planned("same", build_experiment(settings_from(options), wishes.data_dir))], wishes)


@study.command()
@settings_options
@click.option(
    "--fractions", metavar="X,Y", default="0.125,0.25,0.5,1", show_default=True, help="of the training images"
)
@study_options("data")
def data(fractions: str, **options: Any) -> int:
    """A learning curve: the same training on shares of the training images. More data, or a better network?

    Every share has the same epochs, so a smaller one takes fewer steps. Alternatives, as in a grid, have a curve each.

    \b
    cnnlab study data --dataset cifar100 --classes apple,aquarium_fish,baby --set 'model.name=["lab", "lab-bn"]'
    """
    from engine.study_plans import data_plan

    wishes = Wishes.take(options)
    settings, axes = _axes(options)
    shares = _shares(fractions)
    if "train_fraction" in settings.get("dataset", {}) or "dataset.train_fraction" in axes:
        raise SettingsError([Problem("dataset.train_fraction", "this study varies it: give --fractions")])
    return run_study("data", data_plan(settings, shares, axes), wishes)


@study.command()
@click.argument("reference", metavar="STUDY")
@click.option("--reference", "base", metavar="LABEL", help="what differences are taken to  [default: the first]")
@runs_option
@json_option
def show(reference: str, base: str | None, runs_dir: Path | None, as_json: bool) -> int:
    """A study's table again, from its run folders. STUDY is an id, a unique beginning of one, or a name."""
    from engine.study import find_study, study_document

    store = open_store(runs_dir)
    document = study_document(find_study(store.runs(), reference), reference=base)
    if as_json:
        print_json(document)
    else:
        print_study(document)
    return ExitCode.DONE


def _best_tactic(wishes: Wishes, settings: Settings) -> str:
    """The pick of the newest pooling study on these classes; `max` where there is none."""
    from engine.references import best_tactic

    found = best_tactic(open_store(wishes.runs_dir).runs(), settings.get("dataset", {}), wishes.data_dir)
    if found is None:
        print_note("pooling: max, as no pooling study on these classes has a pick; --pooling says another one")
        return "max"
    tactic, study_id = found
    print_note(f"pooling: {tactic}, the pick of study {study_id}")
    return tactic


def _shares(text: str) -> list[float]:
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        shares = []
    if not shares or not all(0 < share <= 1 for share in shares):
        raise SettingsError([Problem("fractions", f"{text!r} is not a list of numbers above 0, at most 1: 0.25,0.5,1")])
    return shares


def _axes(options: dict[str, Any]) -> tuple[Settings, dict[str, list[Any]]]:
    """Settings, and the alternatives among them, by dotted name."""
    from engine.configuration import parse_alternatives

    fixed, axes = parse_alternatives(options["assignments"])
    options["assignments"] = ()
    return merge(settings_from(options), fixed), axes
