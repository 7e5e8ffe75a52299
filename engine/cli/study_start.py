"""From a plan to its runs: trained in the foreground or left to a worker, and the table at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.fetch import leave_fetch
from engine.cli.options import (
    Command,
    data_dir_option,
    detach_option,
    device_option,
    fetch_option,
    json_option,
    open_store,
    runs_option,
)
from engine.cli.output import print_json, print_line, print_note, print_outcome
from engine.errors import ExitCode, Problem, SettingsError
from engine.format import counted
from engine.text import clean

if TYPE_CHECKING:
    from engine.store import Run, RunStore
    from engine.study import Planned, Study

MAX_SEEDS = 100
_LANES = "runs at once  [default: one a CPU core; on a GPU 1]"


@dataclass(frozen=True)
class Wishes:
    """What every kind of study is asked for besides its settings."""

    seeds: str
    name: str
    tags: tuple[str, ...]
    detach: bool
    fetch: bool
    lanes: int | None
    device: str
    data_dir: Path | None
    runs_dir: Path | None
    as_json: bool

    @classmethod
    def take(cls, options: dict[str, Any]) -> Wishes:
        """These options, taken out of all that a command was given."""
        return cls(**{name: options.pop(name) for name in cls.__dataclass_fields__})

    def planned_seeds(self, first: int) -> list[int]:
        """The seeds from the first one on, or those that are listed.

        Raises:
            SettingsError: if `seeds` is neither a number of them nor a list, `0,2,5`.
        """
        if "," in self.seeds:
            return _listed_seeds(self.seeds)
        if not self.seeds.isdecimal() or len(self.seeds) > 9 or not 1 <= int(self.seeds) <= MAX_SEEDS:
            message = f"{self.seeds!r:.60} is not a whole number in 1 … {MAX_SEEDS}"
            raise SettingsError([Problem("seeds", message)])
        return list(range(first, first + int(self.seeds)))


def _listed_seeds(text: str) -> list[int]:
    from engine.configuration import parse_value
    from engine.experiment import Experiment

    listed = [parse_value(part.strip()) for part in text.split(",")]
    if len(listed) > MAX_SEEDS:
        raise SettingsError([Problem("seeds", f"{len(listed):,} seeds are more than {MAX_SEEDS}")])
    if any(seed in listed[:place] for place, seed in enumerate(listed)):
        raise SettingsError([Problem("seeds", f"{clean(text)} names a seed twice: each gives the same run again")])
    return [Experiment.build({"training": {"seed": seed}}).training.seed for seed in listed]


def study_options(name: str) -> Callable[[Command], Command]:
    """The options of `Wishes`, for a study that is called `name` unless one says otherwise."""

    def decorate(command: Command) -> Command:
        for option in (
            json_option,
            runs_option,
            data_dir_option,
            device_option,
            click.option(
                "--lanes", type=click.IntRange(1, 256), help="runs at once  [default: one a CPU core; on a GPU 1]"
            ),
            fetch_option,
            detach_option,
            click.option("--tag", "tags", metavar="T", multiple=True, help="a tag for every run; may be repeated"),
            click.option("--name", help="name of the study", default=name, show_default=True),
            click.option(
                "--seeds", metavar="N", default="3", show_default=True, help="--seed, --seed + 1, …; or a list: 0,2,5"
            ),
        ):
            command = option(command)
        return command

    return decorate


def run_study(kind: str, plan: Sequence[Planned], wishes: Wishes) -> int:
    """Check every run of a plan, then train them all; its seeds are planned beforehand.

    Raises:
        SettingsError, DataError: before any folder is made.
    """
    from engine.cli.train import check_device
    from engine.preparation import study_makers

    store = open_store(wishes.runs_dir)
    seeds = wishes.planned_seeds(plan[0].experiment.training.seed)
    check_device(wishes.device, here=not wishes.detach)
    wish: dict[str, Any] = {"name": wishes.name, "tags": wishes.tags, "device": wishes.device}
    wish |= {"data_dir": wishes.data_dir, "foreground": not wishes.detach}
    names = [one.experiment.dataset.name for one in plan]
    wish["fetch"] = wishes.fetch and leave_fetch(names, wishes.data_dir, detach=wishes.detach)
    makers = study_makers(store, plan, kind=kind, seeds=seeds, **wish)
    if wishes.detach:
        return _leave_to_worker(store, [make() for make in makers], wishes.lanes, wishes.as_json)
    return _train_here(store, makers, wishes.device, wishes.lanes, wishes.as_json)


def _train_here(
    store: RunStore, makers: Sequence[Callable[[], Run]], device: str, lanes: int | None, as_json: bool
) -> int:
    from engine.cli.foreground import train_in_foreground
    from engine.study import studies, study_document

    code, begun = train_in_foreground(store, makers, device, lanes)
    found = studies([run.reload() for run in begun])
    if not found:
        return int(code)
    document = study_document(found[0])
    if as_json:
        print_outcome(document, code, _shortfall(found[0]))
    else:
        print_study(document)
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


def _shortfall(study: Study) -> str:
    """What a study that did not end well lacks."""
    states = [run.state for run in study.runs]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return f"of {counted(len(states), 'run')} begun: {counts}; see `cnnlab study show {study.id}`"


def print_study(document: dict[str, Any]) -> None:
    """The document of a study, for a reader: its steps where it has some, else the comparison."""
    from engine.cli.table import line_width, print_comparison, print_lines

    if "steps" not in document:
        print_comparison(document["comparison"])
        return
    from engine.comparison.cautions import cautions_of_steps
    from engine.comparison.step_lines import step_lines
    from engine.layout import wrapped

    print_lines(step_lines(document["steps"], document["study"]["kind"], line_width()))
    for warning in cautions_of_steps(document["comparison"]):
        print_lines(wrapped(f"! {clean(warning)}", line_width()))
