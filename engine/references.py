"""`@best`: which run that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import RequestError
from engine.store import Run
from engine.study import studies


def pick_best(runs: Sequence[Run]) -> Run:
    """The pick of the newest study with a finished run; without studies, the best on validation among the finished
    runs on the newest one's data.

    Args:
        runs: newest first, as `RunStore.runs` gives them.

    Raises:
        RequestError: if nothing is finished, or nothing was selected on validation.
    """
    from engine.comparison import compare
    from engine.comparison.cautions import NO_PICK

    finished = [run for run in runs if run.state == "finished"]
    if not finished:
        raise RequestError("@best: no run is finished yet; see `cnnlab runs`", field="run")
    for study in studies(runs):
        if not any(run.state == "finished" for run in study.runs):
            continue
        document = compare(study.runs)
        if document["best"] is None:
            why = next((words for words in document["warnings"] if words.endswith(NO_PICK)), NO_PICK)
            words = f"@best: study {study.id}: {why}; see `cnnlab study show {study.id}`, or name a run"
            raise RequestError(words, field="run")
        return _by_id(study.runs, document["best"])
    newest = finished[0]
    same_data = [run for run in finished if _data_of(run) == _data_of(newest)]
    scored = [run for run in same_data if (run.summary or {}).get("validation_accuracy") is not None]
    if not scored:
        raise RequestError("@best: no finished run has a validation accuracy; name a run", field="run")
    return min(scored, key=_merit)


def _data_of(run: Run) -> object:
    return (run.summary or {}).get("test_sha256"), run.experiment.get("dataset")


def _merit(run: Run) -> tuple[float, float]:
    summary = run.summary or {}
    loss = summary.get("validation_loss")
    return -float(summary["validation_accuracy"]), float("inf") if loss is None else float(loss)


def _by_id(runs: Sequence[Run], best: dict[str, str]) -> Run:
    return next(run for run in runs if run.id == best["run"])


def best_tactic(runs: Sequence[Run], dataset: Mapping[str, Any], data_dir: Path | None) -> tuple[str, str] | None:
    """The pooling tactic that the newest pooling study on these data picks, and the study's id; None without one.

    Args:
        runs: newest first.
        dataset: settings of the data set, as a user gives them.
    """
    from engine.comparison import compare
    from engine.data import resolve_classes
    from engine.experiment import Experiment

    settings = resolve_classes(Experiment.build({"dataset": dataset}).dataset, data_dir)
    wanted = settings.name, list(settings.classes)
    for study in studies(runs):
        about = study.runs[0].experiment.get("dataset") or {}
        if study.kind != "pooling" or (about.get("name"), about.get("classes")) != wanted:
            continue
        best = compare(study.runs)["best"]
        if best is not None:
            run = _by_id(study.runs, best)
            return str((run.experiment.get("model") or {}).get("pooling") or "max"), study.id
    return None
