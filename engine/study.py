"""Studies: runs that vary one thing on purpose. A study is nothing but the fold of its runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.errors import RequestError, suggestion
from engine.store.ids import new_run_id
from engine.text import clean

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.store import Run

TACTICS = ("stride", "max", "avg")


@dataclass(frozen=True)
class Study:
    """A named set of runs.

    Args:
        seeds: those that were planned.
        runs: in the order of their positions.
    """

    id: str
    name: str
    kind: str
    seeds: tuple[int, ...]
    runs: tuple[Run, ...]


def new_study_id() -> str:
    """An id of the same form as a run's."""
    return new_run_id()


@dataclass(frozen=True)
class Planned:
    """A run to come.

    Args:
        label: what it is called in the study; runs of one label differ in their seed alone.
        series, step: for studies whose runs follow one another: along what, and where on it; empty in others.
    """

    label: str
    experiment: Experiment
    series: str = ""
    step: str = ""

    def of(self, experiment: Experiment) -> Planned:
        """The same place in the study, of another experiment."""
        return replace(self, experiment=experiment)

    def place(self) -> dict[str, str]:
        """What `run.json` says of it, under `study`."""
        steps = {"series": self.series, "step": self.step} if self.step else {}
        return {"label": self.label, **steps}


def pooling_members(experiment: Experiment) -> list[Planned]:
    """The pooling study: every tactic."""
    return [Planned(tactic, experiment.replace("model.pooling", tactic)) for tactic in TACTICS]


def pooling_plan(experiment: Experiment, seeds: Sequence[int]) -> list[tuple[str, Experiment]]:
    """The pooling study: every tactic with every seed, the first seed of all tactics first."""
    return [(one.label, one.experiment) for one in over_seeds(pooling_members(experiment), seeds)]


def over_seeds(members: Sequence[Planned], seeds: Sequence[int]) -> list[Planned]:
    """Every member with every seed, the first seed of all of them first."""
    return [one.of(one.experiment.replace("training.seed", seed)) for seed in seeds for one in members]


def studies(runs: Sequence[Run]) -> list[Study]:
    """The studies that these runs belong to, newest first."""
    members: dict[str, list[Run]] = {}
    for run in runs:
        if run.study and isinstance(run.study.get("id"), str):
            members.setdefault(run.study["id"], []).append(run)
    return [_fold(members[study_id]) for study_id in sorted(members, reverse=True)]


def _fold(runs: Sequence[Run]) -> Study:
    ordered = tuple(sorted(runs, key=lambda run: ((run.study or {}).get("position") or 0, run.id)))
    about = ordered[0].study or {}
    seeds = tuple(seed for seed in about.get("seeds") or [] if isinstance(seed, int))
    return Study(str(about["id"]), str(about.get("name")), str(about.get("kind")), seeds, ordered)


def find_study(runs: Sequence[Run], reference: str) -> Study:
    """The study that an id, a unique beginning of one, a name (its newest) or `@last` means.

    Raises:
        RequestError: if there is none, or more than one id begins so.
    """
    known = studies(runs)
    for study in known:
        if reference in (study.id, study.name) or reference == "@last":
            return study
    found = [study for study in known if reference and study.id.startswith(reference)]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(study.id for study in found[:5])
        raise RequestError(f"{clean(reference)!r} can be {len(found)} studies: {shown}; give more of it", field="study")
    near = clean(suggestion(reference, [word for study in known for word in (study.name, study.id)]))
    hint = near or ("; see `cnnlab study pooling --help`" if not known else "")
    raise RequestError(f"there is no study {clean(reference)!r}{hint}", field="study")


def study_document(study: Study, reference: str | None = None) -> dict[str, Any]:
    """The document of `cnnlab study --json`: the study, its runs, their comparison."""
    from engine.comparison import compare
    from engine.comparison.steps import describe_steps

    about = {"id": study.id, "name": study.name, "kind": study.kind, "seeds": list(study.seeds)}
    steps = describe_steps(study.runs)
    return {
        "study": about,
        "runs": [run.to_json() for run in study.runs],
        "comparison": compare(study.runs, reference=reference),
        **({"steps": steps} if steps["series"] else {}),
    }
