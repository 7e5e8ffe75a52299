"""The pick, and the one honest line that says why: chosen on validation, reported on test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.comparison.groups import Differences, Group
from engine.comparison.member import Member
from engine.comparison.pairs import pair_row
from engine.format import interval, p_value, percent, points
from engine.statistics import FEWEST_SEEDS
from engine.text import clean

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SETTLED = 0.05


def pick(groups: Sequence[Group], differences: Differences, differs: Sequence[str]) -> dict[str, Any] | None:
    """The group with the highest mean validation accuracy, then the smaller time; None where there is none."""
    ranked = rank(groups)
    if not ranked:
        return None
    winner = ranked[0]
    run = best_member(winner)
    runner_up = ranked[1] if len(ranked) > 1 else None
    on_test = any(member.selected_on == "test" for group in groups for member in group.members)
    best: dict[str, Any] = {"run": run.id, "group": winner.label, "runner_up": runner_up.label if runner_up else None}
    best.update(difference=None, low=None, high=None, p=None, n=len(winner.members), settled=None)
    if runner_up is None:
        best["reason"] = _only(winner, len(groups))
    else:
        found, p = differences.between(winner, runner_up, "test_accuracy")
        best.update(difference=found.mean, low=found.low, high=found.high, p=p, n=found.n)
        best["settled"] = p is not None and p < _SETTLED
        words = [_evidence(winner, runner_up, best, len(groups), differs), _cost(winner, runner_up)]
        chosen = "best on test, its validation" if on_test else "best on validation"
        best["reason"] = f"{clean(winner.label)}: {chosen}; " + "; ".join(filter(None, words))
    if on_test:
        best["reason"] += "; selected on test, so these accuracies are too high"
    return best


def rank(groups: Sequence[Group]) -> list[Group]:
    """Groups with a validation accuracy, the pick first."""
    known = [group for group in groups if group.mean("validation_accuracy") is not None]
    return sorted(known, key=_standing)


def _standing(group: Group) -> tuple[float, float]:
    # Rounded: means of equal counts of images may differ in their last bit, and are equal all the same.
    return -round(group.mean("validation_accuracy") or 0, 12), group.mean("seconds") or 0


def best_member(group: Group) -> Member:
    """Highest validation accuracy, then lowest validation loss, then the first."""

    def merit(member: Member) -> tuple[float, float]:
        loss = member.value("validation_loss")
        return -(member.value("validation_accuracy") or 0), float("inf") if loss is None else loss

    return min(group.members, key=merit)


def _evidence(winner: Group, other: Group, best: dict[str, Any], groups: int, differs: Sequence[str]) -> str:
    if best["difference"] is None:
        return f"no seed in common with {clean(other.label)}: the difference on test is not known"
    difference = f"test {points(best['difference'])}"
    over = f"over {clean(other.label)}"
    if best["n"] >= FEWEST_SEEDS and best["low"] is None:
        return f"{difference} {over} with each of {best['n']} seeds: not settled, no spread to judge by"
    if best["n"] >= FEWEST_SEEDS:
        spread = f"{difference} {interval(best['low'], best['high'], signed=True)} {over}, {best['n']} seeds"
        return f"{spread}, p {p_value(best['p'])} (Holm): {_verdict(best)}"
    if best["n"] == 2:
        return f"{difference} {over}, 2 seeds, too few for an interval: not settled"
    (seed,) = winner.by_seed.keys() & other.by_seed.keys()
    pair = pair_row(other.by_seed[seed], winner.by_seed[seed], "test")
    p = f", McNemar p {p_value(pair['p'])}" if pair else ""
    if len(winner.members) > 1 or len(other.members) > 1:
        return f"{difference} {over} with the one seed in common{p}: not settled"
    factor = "tactics" if list(differs) == ["model.pooling"] else "settings"
    count = _NUMBERS[groups] if groups < len(_NUMBERS) else str(groups)
    return f"{difference} {over}, 1 seed{p}: compares {count} models, not {count} {factor}"


def _verdict(best: dict[str, Any]) -> str:
    if not best["settled"]:
        return "not settled"
    return "settled" if best["difference"] > 0 else "test settles against it"


def _cost(winner: Group, other: Group) -> str:
    mine, theirs = winner.mean("seconds"), other.mean("seconds")
    if not mine or not theirs:
        return ""
    if len({member.place for group in (winner, other) for member in group.members}) > 1:
        return "times not comparable"
    ratio = mine / theirs
    return "equal time" if 0.95 < ratio < 1.05 else f"{ratio:.1f} × the time"


def _only(group: Group, groups: int) -> str:
    n = len(group.members)
    test = f"test {percent(group.mean('test_accuracy'))} %, {'1 seed' if n == 1 else f'the mean of {n} seeds'}"
    if groups == 1:
        return f"nothing to choose between, all runs have the same settings; {test}"
    return f"{clean(group.label)}: the only setting with results on validation; {test}"
