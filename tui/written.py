"""Runs and histories as CSV, for `w`: numbers as the files have them, accuracies as fractions."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from engine.run_keys import SUMMARY_KEYS
from engine.store import History, Run

_BANDS = [
    (split, measure, statistic)
    for split in ("train", "validation")
    for measure in ("loss", "accuracy")
    for statistic in ("mean", "p25", "p75")
]


def runs_csv(runs: Sequence[Run]) -> str:
    """One row a run: what it is, every setting that one of them has, its summary."""
    settings = dict.fromkeys(key for run in runs for key in _settings(run))
    heading = ["id", "name", "state", "tags", *settings, *SUMMARY_KEYS]
    rows = []
    for run in runs:
        known, summary = _settings(run), run.summary or {}
        what = [run.id, run.name, run.state, " ".join(run.tags)]
        rows.append([*what, *map(known.get, settings), *map(summary.get, SUMMARY_KEYS)])
    return _text(heading, rows)


def history_csv(history: History) -> str:
    """One row an epoch: seconds, learning rate, then mean, 25th and 75th percentile of each measure and split."""
    heading = ["epoch", "seconds", "lr", *("_".join(band) for band in _BANDS)]
    return _text(heading, (_epoch(record) for record in history.records))


def _settings(run: Run) -> dict[str, Any]:
    return {
        f"{section}.{key}": " ".join(map(str, value)) if isinstance(value, list) else value
        for section, values in run.experiment.items()
        for key, value in values.items()
    }


def _epoch(record: dict[str, Any]) -> list[Any]:
    numbers = [((record.get(split) or {}).get(measure) or {}).get(name) for split, measure, name in _BANDS]
    return [record["epoch"], record.get("seconds"), record.get("lr"), *numbers]


def _text(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    import csv

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(rows)
    return out.getvalue()
