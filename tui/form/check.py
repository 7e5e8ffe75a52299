"""What a form means: the experiments it asks for, and everything that is wrong with it, each beside its row."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.architecture import Architecture
from engine.configuration import nest
from engine.data.splits import SplitSizes
from engine.errors import Problem, SettingsError
from engine.experiment import Experiment
from engine.preparation import check_fit
from engine.study import TACTICS, Planned, over_seeds
from engine.study_plans import MOST_RUNS, grid_plan
from tui.form.data_facts import DataFacts
from tui.form.form import Form
from tui.form.lists import read_device, read_seeds
from tui.form.presets import preset_problem
from tui.form.settings import DEVICE, PRESET, SEEDS, Kind, form_settings, row_field
from tui.form.values import read_value, split_values

_CHANNELS = 3
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Checked:
    """A form, read.

    Args:
        problems: what is wrong; nothing can start where there are any.
        experiment: of the first member; None where its settings cannot be.
        members: what differs besides the seed, with their labels; empty where there are problems.
        varied: settings with several values, as they are.
        lanes: None: as many as suit the device.
        architecture, sizes: of `experiment`; None where they are not known, or cannot be.
    """

    problems: tuple[Problem, ...] = ()
    experiment: Experiment | None = None
    members: tuple[Planned, ...] = ()
    varied: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    device: str = "auto"
    lanes: int | None = None
    architecture: Architecture | None = None
    sizes: SplitSizes | None = None

    @property
    def kind(self) -> str:
        """`run`, or what kind of study: `pooling`, `grid`, `seeds`."""
        if self.varied:
            return "pooling" if dict(self.varied) == {"model.pooling": TACTICS} else "grid"
        return "seeds" if len(self.seeds) > 1 else "run"

    @property
    def runs(self) -> list[Planned]:
        """Every run, the first seed of all members first."""
        return over_seeds(self.members, self.seeds)

    def problems_of(self, field: str) -> list[str]:
        """What is wrong with a row."""
        return [problem.message for problem in self.problems if row_field(problem.field) == field]


def check(form: Form, facts: DataFacts | None = None) -> Checked:
    """Read a form whole. Touches no file; what it says of data is what `facts` say.

    Args:
        facts: of the data set that is chosen; None where they are not known yet.
    """
    problems: dict[Problem, None] = {}

    def attempt(question: Callable[[], Answer]) -> Answer | None:
        try:
            return question()
        except SettingsError as error:
            problems.update(dict.fromkeys(error.problems))
            return None

    seeds = attempt(lambda: _seeds(form)) or (0,)
    device = attempt(lambda: read_device(form.texts[DEVICE])) or ("auto", None)
    if problem := preset_problem(form.texts[PRESET]):
        problems[problem] = None
    single, varied = settings_of(form)
    members = attempt(lambda: _members(single, varied, len(seeds))) or []
    experiment = members[0].experiment.replace("training.seed", seeds[0]) if members else None
    architecture, sizes = None, None
    if facts is not None and facts.classes and experiment is not None and facts.name == experiment.dataset.name:
        for number, member in enumerate(members):
            found = attempt(lambda member=member: _fit(member.experiment, facts))  # type: ignore[misc]
            if number == 0 and found:
                architecture, sizes = found
    return Checked(
        problems=tuple(problems),
        experiment=experiment,
        members=() if problems else tuple(members),
        varied={name: tuple(values) for name, values in varied.items()},
        seeds=seeds,
        device=device[0],
        lanes=device[1],
        architecture=architecture,
        sizes=sizes,
    )


def settings_of(form: Form) -> tuple[dict[str, dict[str, Any]], dict[str, list[Any]]]:
    """Nested settings as `Experiment.build` takes them, and the alternatives of those that have several values."""
    single: dict[str, Any] = {}
    varied: dict[str, list[Any]] = {}
    for row in form_settings():
        if row.kind is Kind.LIST:
            continue
        values = [read_value(row, text) for text in split_values(row, form.texts[row.field])]
        if len(values) > 1:
            varied[row.field] = values
        else:
            single[row.field] = values[0]
    return nest(single), varied


def _seeds(form: Form) -> tuple[int, ...]:
    seeds = read_seeds(form.texts[SEEDS])
    for seed in (min(seeds), max(seeds)):
        Experiment.build({"training": {"seed": seed}})
    return seeds


def _members(single: dict[str, dict[str, Any]], varied: Mapping[str, list[Any]], seeds: int) -> list[Planned]:
    """One for each combination of the values that vary."""
    runs = seeds * math.prod(map(len, varied.values()))
    if runs > MOST_RUNS:
        raise SettingsError([Problem("training.seed", f"{runs:,} runs are more than {MOST_RUNS:,} at once")])
    if not varied:
        return [Planned("same", Experiment.build(single))]
    members = grid_plan(single, varied)
    if tuple(varied) == ("model.pooling",) and tuple(varied["model.pooling"]) == TACTICS:
        if not members[0].experiment.model.depends_on_pooling:
            message = 'no layer of type "reduce" is among them, so the tactics would be the same network'
            raise SettingsError([Problem("model.layers", message)])
        return [Planned(one.experiment.model.pooling, one.experiment) for one in members]
    return members


def _fit(member: Experiment, facts: DataFacts) -> tuple[Architecture, SplitSizes | None]:
    sizes = facts.sizes(member.dataset)
    side = member.dataset.image_size
    images = sizes.train if sizes else member.training.batch_size
    classes = len(facts.chosen(member.dataset.classes))
    return check_fit(member, (side, side, _CHANNELS), classes, images), sizes
