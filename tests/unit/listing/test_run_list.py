"""Which runs are listed, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from engine.store import Run, RunStore
from engine.store.trace import Trace
from tui.listing.run_list import RunList
from tui.messages import Seen

EXPERIMENT: dict[str, Any] = {"dataset": {"name": "digits"}, "model": {}, "training": {"seed": 0}}


def make(store: RunStore, name: str, accuracy: float | None = None, state: str = "finished", **change: Any) -> Run:
    run = store.create(EXPERIMENT, fingerprint=change.pop("fingerprint", name), name=name, **change)
    if state != "queued":
        with run.own() as owner:
            owner.update(state=state, summary={"validation_accuracy": accuracy, "seconds": 10.0})
    return run.reload()


@pytest.fixture
def runs(store: RunStore) -> list[Run]:
    made = [make(store, name, accuracy) for name, accuracy in (("low", 0.1), ("high", 0.9), ("middle", 0.5))]
    return made[::-1]


def names(listed: RunList) -> list[str]:
    return [run.name for run in listed.rows]


def shown(runs: list[Run], **traces: Trace) -> RunList:
    listed = RunList()
    listed.show(Seen(tuple(runs), traces=traces))
    return listed


def test_newest_first_until_one_sorts(runs: list[Run]) -> None:
    listed = shown(runs)
    assert names(listed) == ["middle", "high", "low"]
    listed.sort_by("validation_accuracy")
    assert names(listed) == ["high", "middle", "low"]
    listed.sort_by("-validation_accuracy")
    assert names(listed) == ["low", "middle", "high"]
    listed.sort_by("")
    assert names(listed) == ["middle", "high", "low"]


def test_a_sorted_list_is_steady_until_it_sorts_again(store: RunStore, runs: list[Run]) -> None:
    listed = shown(runs)
    listed.sort_by("validation_accuracy")
    with runs[2].own() as owner:
        owner.update(summary={"validation_accuracy": 0.99})
    best = make(store, "best", 1.0)
    listed.show(Seen((best, *runs[:2], runs[2].reload())))
    assert names(listed) == ["high", "middle", "low", "best"]
    listed.sort_again()
    assert names(listed) == ["best", "low", "high", "middle"]


def test_a_filter_narrows_and_a_wrong_one_says_why_and_changes_nothing(runs: list[Run]) -> None:
    listed = shown(runs)
    listed.look_for("val>0.3")
    assert names(listed) == ["middle", "high"]
    listed.look_for("vall>0.3")
    assert "did you mean" in listed.problem
    assert names(listed) == ["middle", "high"]
    listed.look_for("")
    assert (names(listed), listed.problem) == (["middle", "high", "low"], "")


def test_only_runs_that_changed_are_tested_again(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    listed = shown(runs)
    listed.look_for("state:finished")
    tested: list[str] = []
    test = listed._test
    assert test is not None
    monkeypatch.setattr(listed, "_test", lambda run: (tested.append(run.name), test(run))[1])
    listed.show(Seen((runs[0].reload(), *runs[1:])))
    assert tested == ["middle"]


def test_a_live_run_is_sorted_by_its_best_so_far(store: RunStore, runs: list[Run]) -> None:
    live = make(store, "live", None, "training")
    listed = shown([live, *runs], **{live.id: Trace(best=0.7)})
    listed.sort_by("val")
    assert names(listed) == ["high", "live", "middle", "low"]


def test_sorting_by_what_differs_and_by_a_key_that_is_gone(runs: list[Run]) -> None:
    listed = shown(runs)
    listed.sort_by("differs")
    assert names(listed) == ["middle", "high", "low"]
    listed.sort_by("wings")
    assert listed.sort == ""


def test_waiting_runs_have_places_by_their_wish_and_an_expectation(store: RunStore) -> None:
    done = make(store, "done", 0.5, fingerprint="same")
    late = make(store, "late", state="queued", fingerprint="same", request={"device": "cpu", "queued_at": "2"})
    early = make(store, "early", state="queued", request={"device": "cpu", "queued_at": "1"})
    other = make(store, "other", state="queued", request={"device": "cuda:0", "queued_at": "3"})
    listed = shown([other, early, late, done])
    assert [listed.waits(run) for run in (early, late, other, done)] == [(1, None), (2, 10.0), (1, None), (None, 10.0)]
