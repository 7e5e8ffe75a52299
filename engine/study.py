"""Studies: runs that vary one thing on purpose. A study is nothing but the fold of its runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


def pooling_plan(experiment: Experiment, seeds: Sequence[int]) -> list[tuple[str, Experiment]]:
    """The pooling study: every tactic with every seed, the first seed of all tactics first."""
    return [
        (tactic, experiment.replace("model.pooling", tactic).replace("training.seed", seed))
        for seed in seeds
        for tactic in TACTICS
    ]


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

    about = {"id": study.id, "name": study.name, "kind": study.kind, "seeds": list(study.seeds)}
    return {
        "study": about,
        "runs": [run.to_json() for run in study.runs],
        "comparison": compare(study.runs, reference=reference),
    }
