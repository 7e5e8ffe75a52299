"""Runs grouped by what differs besides the seed, and the differences between groups over the seeds they share."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from engine.comparison.member import MEASURES, TESTED, Member
from engine.errors import RequestError, suggestion
from engine.statistics import PairedDifference, holm, paired_t
from engine.text import clean

MOST_GROUPS = 20  # above, groups are compared with the reference alone


def differing(members: Sequence[Member]) -> list[str]:
    """The settings in which the runs differ, in their order; damaged runs, which have none, do not count."""
    members = [member for member in members if member.settings]
    keys = list(dict.fromkeys(key for member in members for key in member.settings))
    return [key for key in keys if len({_frozen(member.settings.get(key)) for member in members}) > 1]


@dataclass(eq=False)  # one group is itself alone, whatever its label
class Group:
    """Runs of one experiment, whatever their seeds.

    Args:
        label: its values of the settings that make groups, `max`.
        members: complete runs, in the order given.
    """

    label: str
    differs: dict[str, Any]
    members: list[Member] = field(default_factory=list)

    @property
    def by_seed(self) -> dict[Any, Member]:
        """One run a seed: the newest."""
        return {member.seed: member for member in sorted(self.members, key=lambda member: member.id)}

    def mean(self, measure: str) -> float | None:
        """Over the runs; None if one of them lacks it."""
        values = [member.value(measure) for member in self.members]
        known = [value for value in values if value is not None]
        return statistics.fmean(known) if known and len(known) == len(values) else None

    def std(self, measure: str) -> float | None:
        """Sample standard deviation over the runs; None below two."""
        values = [value for member in self.members if (value := member.value(measure)) is not None]
        return statistics.stdev(values) if len(values) > 1 else None


def make_groups(members: Sequence[Member], grouping: Sequence[str]) -> list[Group]:
    """Groups by their values of these settings, in the order of their first runs."""
    groups: dict[str, Group] = {}
    for member in members:
        values = {key: member.settings.get(key) for key in grouping}
        key = _frozen(list(values.values()))
        if key not in groups:
            groups[key] = Group(_label(values), values)
        groups[key].members.append(member)
    return list(groups.values())


def name_by_study(groups: Sequence[Group]) -> None:
    """Groups that are the steps of one study get the names they have there, which are shorter than their settings."""
    members = [member for group in groups for member in group.members]
    if len({member.study.get("id") for member in members}) != 1 or not all(one.study.get("step") for one in members):
        return
    labels = [{str(member.study.get("label")) for member in group.members} for group in groups]
    single = [next(iter(found)) for found in labels if len(found) == 1]
    if len(set(single)) == len(groups):
        for group, label in zip(groups, single, strict=True):
            group.label = label


def find_reference(groups: Sequence[Group], wished: str | None) -> Group | None:
    """The group that differences are taken to: by label, or by a run's id or name; else the first.

    Raises:
        RequestError: if there is no such group.
    """
    if wished is None:
        return groups[0] if groups else None
    for group in groups:
        if wished == group.label or any(wished in (member.id, member.name) for member in group.members):
            return group
    labels = [group.label for group in groups]
    near = suggestion(wished, labels)
    known = ", ".join(map(clean, labels[:10]))
    raise RequestError(f"reference: {clean(wished)!r} is not one of {known}{clean(near)}", field="reference")


def difference(a: Group, b: Group, measure: str) -> PairedDifference:
    """`a - b` over the seeds that both have."""
    ours, theirs = a.by_seed, b.by_seed
    pairs = [(ours[seed].value(measure), theirs[seed].value(measure)) for seed in ours if seed in theirs]
    return paired_t([mine - other for mine, other in pairs if mine is not None and other is not None])


class Differences:
    """Differences between groups in every tested measure, with p corrected over all pairs of groups.

    Args:
        pairs: which groups are compared.
    """

    def __init__(self, pairs: Sequence[tuple[Group, Group]]) -> None:
        self.pairs = list(pairs)
        self._found: dict[tuple[Group, Group, str], tuple[PairedDifference, float | None]] = {}
        for measure in TESTED:
            found = [difference(a, b, measure) for a, b in self.pairs]
            tested = [index for index, one in enumerate(found) if one.p is not None]
            corrected = dict(zip(tested, holm([found[index].p or 0.0 for index in tested]), strict=True))
            for index, (a, b) in enumerate(self.pairs):
                self._found[a, b, measure] = found[index], corrected.get(index)

    def between(self, a: Group, b: Group, measure: str) -> tuple[PairedDifference, float | None]:
        """`a - b` and its corrected p."""
        if (a, b, measure) in self._found:
            return self._found[a, b, measure]
        found, p = self._found.get((b, a, measure), (PairedDifference(0, None), None))
        if found.mean is None:
            return found, p
        low = None if found.high is None else -found.high
        high = None if found.low is None else -found.low
        return PairedDifference(found.n, -found.mean, low, high, found.p), p

    def rows(self, measure: str) -> list[dict[str, Any]]:
        """All pairs in one measure, as the document lists them."""
        rows = []
        for a, b in self.pairs:
            found, p = self.between(a, b, measure)
            row = {"a": a.label, "b": b.label, "n": found.n, "difference": found.mean}
            rows.append({**row, "low": found.low, "high": found.high, "p_raw": found.p, "p": p})
        return rows


def pairs_of(groups: Sequence[Group], reference: Group | None) -> list[tuple[Group, Group]]:
    """All pairs of groups; with many groups only those with the reference."""
    if len(groups) <= MOST_GROUPS:
        return list(combinations(groups, 2))
    return [(group, reference) for group in groups if reference is not None and group is not reference]


def group_row(group: Group, reference: Group | None, differences: Differences | None) -> dict[str, Any]:
    """A group as the document lists it."""
    metrics: dict[str, dict[str, Any]] = {}
    for measure in MEASURES:
        row: dict[str, Any] = {"mean": group.mean(measure), "std": group.std(measure)}
        found, p = PairedDifference(0, None), None
        if differences is not None and reference is not None and group is not reference and measure in TESTED:
            found, p = differences.between(group, reference, measure)
        row.update(difference=found.mean, low=found.low, high=found.high, p=p, p_raw=found.p)
        metrics[measure] = row
    return {
        "label": group.label,
        "differs": group.differs,
        "runs": [member.id for member in group.members],
        "seeds": [member.seed for member in group.members],
        "n": len(group.members),
        "reference": group is reference,
        "not_yet_fitted": sum(member.is_still_improving is True for member in group.members),
        "metrics": metrics,
    }


# Settings whose values say by themselves what they are.
_PLAIN = ("dataset.name", "dataset.classes", "model.name", "model.pooling", "training.optimizer", "training.schedule")


def _label(values: dict[str, Any]) -> str:
    words = []
    for key, value in values.items():
        name = key.partition(".")[2]
        if key == "model.layers":
            words += [f"{len(value)} layers {hashlib.sha256(_frozen(value).encode()).hexdigest()[:4]}"] if value else []
        elif isinstance(value, list):
            words.append(", ".join(map(str, value)) or f"all {name}")
        elif isinstance(value, str) and key in _PLAIN:
            words.append(value)
        elif isinstance(value, str):
            words.append(f"{name} {value}")
        else:
            words.append(f"{name} {json.dumps(value)}")
    return " · ".join(words) or "all"


def _frozen(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
