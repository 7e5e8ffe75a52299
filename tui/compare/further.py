"""Runs of the settings that are compared, with other seeds: what need not be trained again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from engine.format import short_seeds
from engine.statistics import FEWEST_SEEDS
from engine.store import Run, layout


@dataclass(frozen=True)
class Further:
    """Runs of these settings that are not compared; enough of them, or some that are not over yet.

    Args:
        runs: newest first; none where more seeds would be news.
    """

    runs: Sequence[Run] = ()

    @property
    def words(self) -> str:
        """What they are, and how one sees them."""
        seeds = sorted({seed for run in self.runs if (seed := seed_of(run)) is not None})
        count = f"{len(self.runs)} run{'s' if len(self.runs) > 1 else ''} (seed{'s' if len(seeds) > 1 else ''} "
        count += f"{short_seeds(seeds)})"
        live, waiting = sum(run.is_alive for run in self.runs), sum(map(_waits, self.runs))
        states = [f"{live} train{'s' if live == 1 else ''}" if live else "", f"{waiting} wait" if waiting else ""]
        begin = f"More seeds of these settings are under way: {', '.join(filter(None, [count, *states]))}"
        if not live and not waiting:
            begin = f"These settings were trained with more seeds, too: {count}"
        studies = {(run.study or {}).get("id") for run in self.runs}
        one_study = len(studies) == 1 and None not in studies
        how = "without marks, 4 on one of them" if one_study else "marked, 4"
        return f"{begin}; on Runs, {how} compares them."


def further(chosen: Sequence[Run], runs: Sequence[Run]) -> Further:
    """What there is, so that nobody advises it.

    Args:
        chosen: what is compared.
        runs: all runs there are, newest first.
    """
    known, compared = {run.document.get("fingerprint") for run in chosen}, {run.id for run in chosen}
    others = [run for run in runs if run.document.get("fingerprint") in known and run.id not in compared]
    live = [run for run in others if run.is_alive or _waits(run)]
    if live:
        return Further(live)
    seeds = defaultdict(set)
    trained = [run for run in others if run.is_over and run.summary]
    for run in trained:
        seeds[run.document.get("fingerprint")].add(seed_of(run))
    enough = all(len(seeds[fingerprint]) >= FEWEST_SEEDS for fingerprint in known)
    return Further(trained if enough else ())


def seed_of(run: Run) -> int | None:
    """The seed that a run was given; None where it is not known."""
    seed = (run.experiment.get("training") or {}).get("seed")
    return seed if type(seed) is int else None


def _waits(run: Run) -> bool:
    return run.state == layout.QUEUED
