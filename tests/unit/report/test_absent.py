"""A run without a report says why."""

from __future__ import annotations

import json

import pytest

from engine.errors import DataError, RequestError
from engine.report.absent import no_report_words
from engine.report.formats import report_document
from engine.store import Run, RunStore


@pytest.fixture
def run(store: RunStore) -> Run:
    return store.create({"dataset": {}, "model": {}, "training": {}}, fingerprint="f", name="x\x1b")


def test_a_queued_and_a_training_run_say_that_it_comes(run: Run) -> None:
    assert no_report_words(run) == "queued; its report comes when it ends"
    with run.own() as owner:
        owner.update(state="training")
        place = {"epoch": 1, "epochs": 9, "step": 1, "steps_per_epoch": 2}
        owner.write_progress({"heartbeat": 1, "eta_seconds": 27.0, **place})
        live = run.reload()
        assert no_report_words(live, live.progress()) == "training; its report comes when it ends, ~0:27"
        with pytest.raises(RequestError, match=r"x\\x1b is training; its report comes when it ends, ~0:27"):
            report_document(live, "test")
    assert "cnnlab resume" in no_report_words(run.reload())


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({"state": "failed", "failure": {"reason": "loss is not finite"}}, "nothing was scored: loss is not finite"),
        ({"state": "stopped"}, "stopped before it began"),
        ({"state": "finished", "summary": {"test_accuracy": 0.5}}, "report.json is missing or damaged"),
    ],
)
def test_a_run_that_is_over_says_what_happened(run: Run, update: dict[str, object], words: str) -> None:
    with run.own() as owner:
        owner.update(**update)
    assert words in no_report_words(run.reload())


def test_a_damaged_run_says_what_is_wrong(run: Run) -> None:
    (run.path / "run.json").write_text("{")
    assert no_report_words(run.reload()).startswith("damaged: run.json: not JSON")
    with pytest.raises(DataError, match=r"is damaged: run\.json: not JSON.*cnnlab doctor"):
        report_document(run.reload(), "test")


@pytest.mark.parametrize("cut", ["classes", "per_class", "confusion", "accuracy", "macro avg"])
def test_a_report_that_lacks_something_is_damaged_and_no_traceback(trained: Run, cut: str) -> None:
    document = trained.report()
    assert document is not None
    assert report_document(trained, "test")["images"] == 72
    (document if cut == "classes" else document["splits"]["test"]).pop(cut)
    (trained.path / "report.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"report\.json is damaged"):
        report_document(trained, "test")
