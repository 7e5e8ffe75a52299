"""What a reader must know before believing a comparison."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.comparison.groups import MOST_GROUPS, Group
from engine.comparison.member import Member
from engine.comparison.pairs import MOST_RUNS
from engine.format import counted
from engine.statistics import FEWEST_SEEDS
from engine.text import clean

# Which images are held out; where these differ, validation accuracies are of different images.
_HELD_OUT = ("dataset.validation", "dataset.split_seed")
NO_PICK = "there is no pick"


def find_cautions(
    members: Sequence[Member], groups: Sequence[Group], grouping: Sequence[str], *, same_test: bool
) -> Iterator[str]:
    """One line each."""
    complete = [member for group in groups for member in group.members]
    yield from _incomplete(members)
    if not same_test:
        yield f"the test sets differ, so these are not compared: {_by_test_set(complete)}"
    yield from _selection(complete)
    yield from _seeds(groups)
    yield from _studies(members, grouping)
    yield from _lengths(complete)
    if len({member.place for member in complete}) > 1:
        yield "times are not comparable: the runs had different devices, lanes or threads"
    yield from _left_out(len(groups), len(complete))


def _left_out(groups: int, runs: int) -> Iterator[str]:
    if groups > MOST_GROUPS:
        yield f"{groups} groups: each is compared with the reference alone, and p corrected for these pairs"
    if runs > MOST_RUNS:
        yield f"{runs} runs: models are paired with the first one alone"


def cautions_of_steps(document: Mapping[str, Any]) -> list[str]:
    """Those of a comparison of which only steps are shown: not what its table over all pairs leaves out."""
    runs = sum(group["n"] for group in document["groups"])
    not_shown = set(_left_out(len(document["groups"]), runs))
    return [warning for warning in document["warnings"] if warning not in not_shown]


def _incomplete(members: Sequence[Member]) -> Iterator[str]:
    left = [member for member in members if not member.is_complete]
    if left:
        names = ", ".join(f"{clean(member.name)} ({member.state})" for member in left[:5])
        more = f" and {len(left) - 5} more" if len(left) > 5 else ""
        yield f"not over yet, or failed, and left out: {names}{more}"


def _lengths(members: Sequence[Member]) -> Iterator[str]:
    cut = [member for member in members if member.epochs_done != member.settings.get("training.epochs")]
    if cut:
        names = ", ".join(f"{clean(member.name)} after {counted(member.epochs_done, 'epoch')}" for member in cut[:5])
        yield f"stopped early, and compared as they are: {names}{' …' if len(cut) > 5 else ''}"


def _by_test_set(members: Sequence[Member]) -> str:
    sets: dict[str | None, list[str]] = {}
    for member in members:
        sets.setdefault(member.test_sha256, []).append(clean(member.name))
    return "; ".join(", ".join(names[:4]) + (" …" if len(names) > 4 else "") for names in sets.values())


def _selection(members: Sequence[Member]) -> Iterator[str]:
    if any(member.selected_on == "test" for member in members):
        yield "selected on test: epochs were chosen by the very images they are scored on, which flatters them"
    if any(member.selected_on == "last" for member in members):
        yield f"some runs have no validation images: nothing to choose by, so {NO_PICK}"
    if len({json.dumps([member.settings.get(key) for key in _HELD_OUT]) for member in members}) > 1:
        yield "validation images differ (dataset.validation, dataset.split_seed), and the pick is by accuracy on them"


def _seeds(groups: Sequence[Group]) -> Iterator[str]:
    for group in groups:
        seeds = [member.seed for member in group.members]
        doubled = sorted({str(seed) for seed in seeds if seeds.count(seed) > 1})
        if doubled:
            yield f"{clean(group.label)} has several runs of seed {', '.join(doubled)}; the newest one is paired"
    if len(groups) > 1:
        shared = set.intersection(*(set(group.by_seed) for group in groups))
        if 1 < len(shared) < FEWEST_SEEDS:
            yield f"{counted(len(shared), 'seed')} in common: from {FEWEST_SEEDS} on there is an interval and a p"
        if not shared:
            yield "no seed is common to all groups: differences over seeds are not known"


def _studies(members: Sequence[Member], grouping: Sequence[str]) -> Iterator[str]:
    kinds = {member.study.get("kind") for member in members}
    if kinds == {"pooling"}:
        others = [key for key in grouping if key != "model.pooling"]
        if others:
            yield f"a table over pooling whose runs differ also in {', '.join(others)}: more than one factor"
    planned = [(member.seed, member.study.get("seeds")) for member in members]
    grown = sorted({str(seed) for seed, seeds in planned if seeds and seed not in seeds})
    if grown:
        yield f"seed {', '.join(grown)} was not planned: the study grew, and its p values are too small"
