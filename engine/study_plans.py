"""Which runs a ladder, a grid or a learning curve is made of: settings in, experiments out, all errors at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from engine.configuration import Settings, merge, nest
from engine.errors import Problem, SettingsError
from engine.experiment import Experiment
from engine.ladder import climb
from engine.study import Planned

MOST_RUNS = 1000


def ladder_plan(given: Settings, tactics: Sequence[str]) -> list[Planned]:
    """Every rung with each of these pooling tactics."""
    members = []
    for tactic in tactics:
        for rung, settings in climb(merge(given, {"model": {"pooling": tactic}})):
            label = f"{tactic} · {rung.label}" if len(tactics) > 1 else rung.label
            members.append(Planned(label, Experiment.build(settings), tactic, rung.label))
    return members


def grid_plan(given: Settings, axes: Mapping[str, Sequence[Any]]) -> list[Planned]:
    """Every combination of the alternatives.

    Args:
        axes: alternatives by dotted name.

    Raises:
        SettingsError: for the alternatives that are not allowed, each one said once.
    """
    return [Planned(label, Experiment.build(settings)) for label, settings in _combinations(given, axes)]


def data_plan(given: Settings, fractions: Sequence[float], axes: Mapping[str, Sequence[Any]]) -> list[Planned]:
    """A learning curve: each share of the training images, for every combination of the other alternatives."""
    members = []
    for name, settings in _combinations(given, axes) if axes else [("", given)]:
        for fraction in sorted(set(fractions)):
            step = f"{100 * fraction:g} %"
            whole = merge(settings, {"dataset": {"train_fraction": fraction}})
            members.append(Planned(f"{name} · {step}" if name else step, Experiment.build(whole), name or "all", step))
    return members


def _combinations(given: Settings, axes: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, Settings]]:
    if "training.seed" in axes:
        listed = ",".join(map(str, axes["training.seed"]))
        message = f"every combination is trained with the same seeds: give --seeds {listed}"
        raise SettingsError([Problem("training.seed", message)])
    combinations = list(product(*axes.values()))
    if len(combinations) > MOST_RUNS:
        message = f"{len(combinations):,} combinations; allowed are 1 … {MOST_RUNS:,}"
        raise SettingsError([Problem(next(iter(axes)), message)])
    _check_each(given, axes)
    seen: set[Experiment] = set()  # alternatives may be one value written twice: 0.1, 1e-1
    for values in combinations:
        chosen = dict(zip(axes, values, strict=True))
        settings = merge(given, nest(chosen))
        if (experiment := Experiment.build(settings)) in seen:
            continue
        seen.add(experiment)
        label = " · ".join(f"{field.partition('.')[2]} {_word(value)}" for field, value in chosen.items())
        yield label, settings


def _check_each(given: Settings, axes: Mapping[str, Sequence[Any]]) -> None:
    """Each alternative on its own, so that a wrong one is said once and not for every combination with others."""
    problems: dict[str, Problem] = {}
    first = nest({field: values[0] for field, values in axes.items()})
    for field, values in axes.items():
        for value in values:
            try:
                Experiment.build(merge(given, first, nest({field: value})))
            except SettingsError as error:
                problems.update({str(problem): problem for problem in error.problems})
    if problems:
        raise SettingsError(list(problems.values()))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
