"""A run of format 1, made once and kept for ever: every later version must read it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.comparison import compare
from engine.evaluation import make_report
from engine.experiment import Experiment
from engine.onnx_model import OnnxModel
from engine.report.formats import report_document
from engine.store import Run, RunStore, layout
from engine.training.checkpoint import load_checkpoint
from tests.unit.comparison.fakes import FakeRun

RUNS = Path(__file__).parents[2] / "fixtures" / "runs"


@pytest.fixture
def kept() -> Run:
    return RunStore(RUNS).get("20260101-120000-f001")


def test_its_settings_and_numbers_are_read(kept: Run) -> None:
    assert (kept.state, kept.damage, kept.read_only_reason) == ("finished", None, None)
    experiment = Experiment.build(kept.experiment)
    assert experiment.training.momentum == 0.5
    assert experiment.fingerprint == kept.document["fingerprint"]
    assert [record["epoch"] for record in kept.history().records] == [1, 2, 3]
    assert compare([kept])["runs"][0]["metrics"]["test_accuracy"]["n"] == 72


def test_settings_it_does_not_have_are_their_defaults(kept: Run) -> None:
    from engine.filters import parse_filter

    assert parse_filter("flips:none ema=0")(kept)
    full = {**kept.document, "experiment": Experiment.build(kept.experiment).to_dict()}
    newer = FakeRun("20260101-120000-f002", "newer", full)
    assert compare([kept, newer])["differs"] == []


def test_its_report_follows_from_its_predictions(kept: Run) -> None:
    predictions = kept.predictions()
    assert predictions is not None
    for split in ("train", "validation", "test"):
        stored = report_document(kept, split)
        report = make_report(predictions[f"{split}.labels"], predictions[f"{split}.predictions"], stored["classes"])
        assert {key: stored[key] for key in report} == report
    np.testing.assert_array_equal(predictions["test.logits"].argmax(1), predictions["test.predictions"])


def test_its_checkpoint_and_its_model_are_whole(kept: Run) -> None:
    checkpoint = load_checkpoint(kept.path)
    assert checkpoint is not None
    assert checkpoint.epoch == 3
    model = OnnxModel.load(kept.path / layout.MODEL)
    assert model.sha256 == (kept.export() or {})["sha256"]
    assert model.classes == ("0", "1")


def test_it_can_be_copied_edited_and_extended(kept: Run, tmp_path: Path) -> None:
    from engine.extension import extend_run

    shutil.copytree(kept.path, tmp_path / kept.id)
    store = RunStore(tmp_path)
    run, warning = extend_run(store, store.get(kept.id), 5)
    assert warning is None
    assert len(run.history().records) == 3
    assert load_checkpoint(run.path) is not None
