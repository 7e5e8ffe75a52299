"""The study that would tell settings apart where each was trained once: the same settings, seeds not looked at yet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.forecast import SpeedBook, estimate
from engine.format import about_time, short_seeds
from engine.machine import default_lanes, resolve_device
from engine.store import Run
from engine.study import TACTICS
from tui.compare.further import seed_of

_MOST_SETTINGS = 50
SEEDS = 4  # three give an interval; one more keeps it when a run fails


@dataclass(frozen=True)
class Offer:
    """A study that New can be filled with.

    Args:
        like: a run of one of the settings.
        texts: of the rows of the form that differ from it.
        seeds: of each setting.
        settings: how many there are.
        seconds: of all runs; None where nothing like them was measured.
    """

    like: Run
    texts: Mapping[str, str]
    seeds: Sequence[int]
    settings: int
    seconds: float | None

    @property
    def words(self) -> str:
        """What it would be, and how long it would take."""
        time = "time unknown" if self.seconds is None else f"about {about_time(self.seconds)}"
        runs = self.settings * len(self.seeds)
        what = f"{self.settings} settings x {len(self.seeds)} new seeds ({short_seeds(self.seeds)})"
        return f"m sets up {what} = {runs} runs, {time}"


def offer_of(document: Mapping[str, Any], chosen: Sequence[Run], runs: Sequence[Run]) -> Offer | None:
    """The study for a comparison of one run each; None where seeds differ already, or a grid cannot say the settings.

    Args:
        document: of the comparison.
        chosen: the runs that are compared.
        runs: all runs there are, newest first.
    """
    groups = document.get("groups", ())
    by_id = {run.id: run for run in chosen}
    if (
        not 2 <= len(groups) <= _MOST_SETTINGS
        or any(group["n"] != 1 for group in groups)
        or not all(run.is_over for run in chosen)
    ):
        return None
    values: dict[str, list[Any]] = {}
    for group in groups:
        for field, value in group["differs"].items():
            if value not in values.setdefault(field, []):
                values[field].append(value)
    texts = _texts(values)
    if texts is None or math.prod(map(len, values.values())) != len(groups):
        return None
    members = [by_id[group["runs"][0]] for group in groups]
    seeds = _unseen_seeds(members, runs)
    book = SpeedBook(runs)
    works = [work for run in members if (work := book.work(run))] * len(seeds)
    device = resolve_device(str(members[0].environment.get("device") or "auto"))
    lanes = default_lanes(device, len(members) * len(seeds))
    known = len(works) == len(members) * len(seeds)
    seconds = estimate(works, book, device, lanes).seconds if known else None
    return Offer(members[0], {**texts, "seeds": " ".join(map(str, seeds))}, seeds, len(members), seconds)


def _texts(values: Mapping[str, Sequence[Any]]) -> dict[str, str] | None:
    """What the rows of the form say of these values; None where one of them does not vary within a study."""
    from tui.form.settings import form_settings
    from tui.form.values import join_values, write_value

    rows = {row.field: row for row in form_settings()}
    texts = {}
    for field, found in values.items():
        if field not in rows or not rows[field].can_vary or None in found:
            return None
        ordered = TACTICS if set(map(str, found)) == set(TACTICS) else found
        texts[field] = join_values([write_value(rows[field], value) for value in ordered])
    return texts


def _unseen_seeds(members: Sequence[Run], runs: Sequence[Run]) -> list[int]:
    """The seeds after all that any of these settings was trained with."""
    known = {run.document.get("fingerprint") for run in members}
    used = [run for run in (*members, *runs) if run in members or run.document.get("fingerprint") in known]
    seeds = [seed for run in used if (seed := seed_of(run)) is not None]
    first = max(seeds, default=-1) + 1
    return list(range(first, first + SEEDS))
