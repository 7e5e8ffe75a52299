"""Runs that follow one another, as the rungs of a ladder or the shares of the data: each against the one below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.comparison.groups import Group, difference
from engine.comparison.member import ComparedRun, Member
from engine.comparison.pick import rank
from engine.statistics import PairedDifference, holm

SETTLED = 0.05


def describe_steps(runs: Sequence[ComparedRun]) -> dict[str, Any]:
    """What each step gained over the one below it, on test; nothing for runs that do not follow one another.

    Returns:
        `series`: for each of them `name`, `rows` (the lowest first) and `total`, the last against the first. A row has
        `label`, `step`, `n`, `seeds`, `test_accuracy` and the other measures as `{"mean", "std"}`, `images`
        (for training), `gain` over the row below (`difference`, `low`, `high`, `p_raw`, `p`, `n`; None on the lowest;
        `p` is Holm's over all gains of the study) and `verdict`. `best`: the label that is best on validation.
    """
    members = [Member(run) for run in runs]
    complete = [one for one in members if one.is_complete and one.study.get("step")]
    comparable = len({one.test_sha256 for one in complete}) <= 1
    series: dict[str, dict[str, Group]] = {}
    for one in sorted(complete, key=lambda one: (one.study.get("position") or 0, one.id)):
        steps = series.setdefault(str(one.study.get("series")), {})
        step = str(one.study["step"])
        steps.setdefault(step, Group(str(one.study.get("label")), {"step": step})).members.append(one)
    gains = {
        group.label: _gain(group, below) if comparable else PairedDifference(0, None)
        for steps in series.values()
        for below, group in zip(list(steps.values()), list(steps.values())[1:], strict=False)
    }
    tested = [label for label, gain in gains.items() if gain.p is not None]
    corrected = dict(zip(tested, holm([gains[label].p or 0.0 for label in tested]), strict=True))
    ranked = rank([group for steps in series.values() for group in steps.values()])
    return {
        "series": [
            {
                "name": name,
                "rows": [_row(group, gains.get(group.label), corrected.get(group.label)) for group in steps.values()],
                "total": _total(list(steps.values())) if comparable else None,
            }
            for name, steps in series.items()
        ],
        "best": ranked[0].label if ranked and all(one.selected_on != "last" for one in complete) else None,
        "selected_on": sorted({str(one.selected_on) for one in complete}),
        "tests": len(tested),
    }


def _gain(group: Group, below: Group) -> PairedDifference:
    return difference(group, below, "test_accuracy")


def _row(group: Group, gain: PairedDifference | None, p: float | None) -> dict[str, Any]:
    measures = ("test_accuracy", "validation_accuracy", "train_accuracy", "overfitting_gap", "seconds")
    images = (group.members[0].summary.get("images") or {}).get("train")
    return {
        "label": group.label,
        "step": group.differs["step"],
        "n": len(group.members),
        "seeds": [one.seed for one in group.members],
        "runs": [one.id for one in group.members],
        **{measure: {"mean": group.mean(measure), "std": group.std(measure)} for measure in measures},
        "parameters": group.members[0].value("parameters"),
        "multiply_adds": group.members[0].value("multiply_adds"),
        "epochs": group.members[0].settings.get("training.epochs"),
        "images": images,
        "gain": None if gain is None else _gain_document(gain, p),
        "verdict": None if gain is None else _verdict(gain, p),
    }


def _gain_document(gain: PairedDifference, p: float | None) -> dict[str, Any]:
    found = {"difference": gain.mean, "low": gain.low, "high": gain.high, "n": gain.n}
    return {**found, "p_raw": gain.p, "p": gain.p if p is None else p}


def _verdict(gain: PairedDifference, p: float | None) -> str:
    """`pays`, `costs`, or `not settled`: what the seeds bear out at 0.05 after the correction."""
    if p is None or gain.mean is None or p >= SETTLED:
        return "not settled"
    return "pays" if gain.mean > 0 else "costs"


def _total(steps: Sequence[Group]) -> dict[str, Any] | None:
    if len(steps) < 2:
        return None
    return {"from": steps[0].label, "to": steps[-1].label, **_gain_document(_gain(steps[-1], steps[0]), None)}
