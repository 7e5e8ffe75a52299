"""Studies are folds of their runs; `@best` is the pick of the newest."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import RequestError
from engine.experiment import Experiment
from engine.references import pick_best
from engine.store import Run, RunStore
from engine.study import find_study, new_study_id, pooling_plan, studies, study_document

SUMMARY: dict[str, Any] = {"test_accuracy": 0.8, "test_sha256": "x", "selected_on": "validation", "epochs_done": 3}


def member(
    store: RunStore, pooling: str, validation: float | None, study: dict[str, Any] | None, **options: Any
) -> Run:
    experiment = Experiment.build({"model": {"pooling": pooling}, "dataset": {"classes": ["0", "1"]}})
    run = store.create(experiment.to_dict(), fingerprint="f", name=pooling, study=study)
    with run.own() as owner:
        state = options.get("state", "finished")
        owner.update(state=state, summary={**SUMMARY, "validation_accuracy": validation, **options.get("summary", {})})
    return run.reload()


def about(study_id: str, position: int, name: str = "pooling") -> dict[str, Any]:
    return {"id": study_id, "name": name, "kind": "pooling", "seeds": [0], "position": position, "label": "x"}


def test_the_plan_gives_every_tactic_its_first_seed_before_the_second() -> None:
    plan = pooling_plan(Experiment(), [3, 4])
    assert [(label, member.model.pooling, member.training.seed) for label, member in plan] == [
        (tactic, tactic, seed) for seed in (3, 4) for tactic in ("stride", "max", "avg")
    ]


def test_a_study_is_found_by_id_beginning_and_newest_name(store: RunStore) -> None:
    old, new = "20260101-000000-aaaa", "20260202-000000-bbbb"
    member(store, "max", 0.9, about(old, 2))
    member(store, "avg", 0.8, about(old, 1))
    member(store, "max", 0.9, about(new, 1))
    runs = store.runs()
    assert [study.id for study in studies(runs)] == [new, old]
    assert find_study(runs, "202601").id == old
    assert find_study(runs, "pooling").id == new
    assert [run.name for run in find_study(runs, old).runs] == ["avg", "max"]
    with pytest.raises(RequestError, match="can be 2 studies"):
        find_study(runs, "2026")
    with pytest.raises(RequestError, match=r"did you mean pooling\?"):
        find_study(runs, "poling")
    assert study_document(find_study(runs, old))["study"]["id"] == old
    assert len(new_study_id()) == len(old)


def test_best_is_the_pick_of_the_newest_study_with_a_finished_run(store: RunStore) -> None:
    member(store, "max", 0.99, None)
    chosen = member(store, "avg", 0.9, about("20260101-000000-aaaa", 1))
    member(store, "stride", 0.8, about("20260101-000000-aaaa", 2))
    member(store, "max", 0.95, about("20260202-000000-bbbb", 1), state="failed")
    assert pick_best(store.runs()).id == chosen.id


def test_without_studies_best_is_by_validation_on_the_newest_data(store: RunStore) -> None:
    member(store, "max", 0.99, None, summary={"test_sha256": "other"})
    chosen = member(store, "avg", 0.9, None)
    member(store, "stride", 0.8, None)
    member(store, "stride", None, None)
    assert pick_best(store.runs()).id == chosen.id


def test_a_study_without_validation_images_has_no_best_and_says_why(store: RunStore) -> None:
    for position, tactic in enumerate(("max", "avg"), 1):
        place = about("20260101-000000-aaaa", position)
        member(store, tactic, None, place, summary={"selected_on": "last", "test_loss": 0.5})
    with pytest.raises(RequestError, match=r"study 20260101-000000-aaaa: some runs have no validation images: .* pick"):
        pick_best(store.runs())


def test_without_a_finished_run_there_is_no_best(store: RunStore) -> None:
    with pytest.raises(RequestError, match="no run is finished"):
        pick_best(store.runs())
    member(store, "max", None, None)
    with pytest.raises(RequestError, match="validation accuracy"):
        pick_best(store.runs())
