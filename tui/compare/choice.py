"""Which runs are compared, and reading them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.comparison import compare
from engine.errors import LabError
from engine.format import percent
from engine.listing import state_words
from engine.store import Run
from engine.study import studies
from engine.text import clean
from tui.compare.further import Further, further
from tui.compare.offer import Offer, offer_of

_LAST = 12
_MOST_SO_FAR = 6


@dataclass(frozen=True)
class Choice:
    """Runs, and why these."""

    runs: Sequence[Run] = ()
    why: str = "none"


def choose(runs: Sequence[Run], marks: Collection[str], cursor: Run | None) -> Choice:
    """The marks, else the study of the cursor's run, else the last runs on its data and classes.

    Args:
        runs: newest first.
    """
    marked = [run for run in runs if run.id in marks]
    if marked:
        return Choice(marked[::-1], "the marked ones")
    if cursor is None:
        return Choice()
    if cursor.study:
        for study in studies(runs):
            if study.id == cursor.study.get("id"):
                return Choice(study.runs, f"study {clean(study.name)}")
    data = [cursor.experiment.get("dataset"), (cursor.summary or {}).get("test_sha256")]
    same = [run for run in runs if run.experiment and _is_on(run, data)]
    return Choice(same[:_LAST][::-1], "the last ones on the same data")


def _is_on(run: Run, data: list[Any]) -> bool:
    dataset, sha256 = data
    scored = (run.summary or {}).get("test_sha256")
    return run.experiment.get("dataset") == dataset and (None in (scored, sha256) or scored == sha256)


def too_few(choice: Choice, cursor: Run | None) -> str:
    """Why less than two runs make no comparison, and what one can do."""
    if cursor is None:
        return "There is no run yet: n sets one up, 1 goes back."
    others = "mark two runs or more with space on Runs, or go to a run of a study."
    if not choice.runs:
        why = clean(cursor.damage or cursor.read_only_reason or "it has no settings")
        return f"Nothing can be compared with {clean(cursor.name)}: {why}. On Runs, {others}"
    return f"Only {clean(choice.runs[0].name)}: {others}"


@dataclass(frozen=True)
class Compared:
    """A comparison that was made.

    Args:
        document: of `engine.comparison.compare`; empty where there is none.
        so_far: where the runs stand that are not over yet.
        problem: why there is no comparison.
        offer: the study that would tell apart what was trained once each; None where that is there already.
        more: what is there of more seeds.
    """

    document: dict[str, Any] = field(default_factory=dict)
    so_far: Sequence[str] = ()
    problem: str = ""
    offer: Offer | None = None
    more: Further = field(default_factory=Further)


def compare_runs(runs: Sequence[Run], reference: str | None, split: str, known: Sequence[Run] = ()) -> Compared:
    """Compare; what is wrong with it is its `problem`, never raised.

    Args:
        known: all runs there are, newest first: what they took says how long a study would take.
    """
    try:
        document = compare(runs, reference=reference, split=split)
    except LabError as error:
        return Compared(problem=error.message)
    so_far = [_so_far(run) for run in runs if run.is_alive or run.state == "queued"]
    more = further(runs, known)
    return Compared(document, so_far, offer=None if more.runs else offer_of(document, runs, known), more=more)


def so_far_words(lines: Sequence[str]) -> str:
    """One sentence of them; empty where there is nothing to say."""
    if not lines:
        return ""
    more = f" and {len(lines) - _MOST_SO_FAR} more" if len(lines) > _MOST_SO_FAR else ""
    return f"So far: {'; '.join(lines[:_MOST_SO_FAR])}{more}."


def _so_far(run: Run) -> str:
    columns = run.history().columns
    best = "" if columns.best is None else _best(columns)
    return f"{clean(run.name)} {state_words(run)}{best}"


def _best(columns: Any) -> str:
    accuracy = columns.values("validation", "accuracy")[columns.best]
    return "" if math.isnan(accuracy) else f", val {percent(accuracy)} @{columns.epochs[columns.best]}"
