"""The rows of a report: scores with their intervals, what changed from the reference, and the gap to train."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.errors import RequestError
from engine.evaluation import make_report
from engine.ordering import Order, ordered
from engine.proportion import wilson
from engine.report.against import against
from engine.report.confusion import Pair
from engine.report.table import average_rows, class_rows, narrowed, pair_fields, score_fields
from engine.statistics import mcnemar_exact
from tests.unit.comparison.fakes import FakeRun, fake

CLASSES = ["apple", "pear", "[/b]\x1b"]
LABELS = np.array([0] * 10 + [1] * 10 + [2] * 5)
OURS = np.array([0] * 8 + [1] * 2 + [1] * 9 + [2] + [2] * 5)
THEIRS = np.array([0] * 9 + [1] + [0] * 4 + [1] * 6 + [2] * 5)


def run_of(predictions: Any, **options: Any) -> FakeRun:
    run = fake(**options)
    run.arrays = {"test.labels": LABELS, "test.predictions": predictions}
    return run


def report_of(predictions: Any, split: str = "test", classes: list[str] = CLASSES) -> dict[str, Any]:
    return {"split": split, "classes": classes, **make_report(LABELS, predictions, classes)}


def test_a_row_has_the_recall_with_its_interval_and_what_the_class_is_taken_for() -> None:
    rows = class_rows(report_of(OURS))
    assert [row.recall for row in rows] == [0.8, 0.9, 1.0]
    assert (rows[0].low, rows[0].high) == wilson(8, 10)
    assert rows[0].worst == Pair("apple", "pear", 2, 10, 0)
    assert [row.said for row in rows] == [8, 11, 6]
    assert rows[2].worst is None


def test_the_accuracy_stands_below_the_recalls_with_its_interval() -> None:
    macro, weighted, accuracy = average_rows(report_of(OURS))
    assert (macro.name, weighted.name, accuracy.name) == ("macro avg", "weighted avg", "accuracy")
    assert macro.recall == pytest.approx(0.9)
    assert (accuracy.recall, accuracy.low, accuracy.high) == (0.88, *wilson(22, 25))
    assert accuracy.precision is None


def test_against_a_reference_each_class_has_its_counts_and_all_images_one_exact_test() -> None:
    change = against(run_of(OURS), run_of(THEIRS, pooling="stride"), report_of(OURS), report_of(THEIRS))
    assert dict(change.counts) == {"apple": (0, 1), "pear": (4, 1), "[/b]\x1b": (0, 0)}
    assert (change.fixed, change.broken, change.images) == (4, 2, 25)
    assert change.p == mcnemar_exact(4, 2)
    rows = class_rows(report_of(OURS), change)
    ours, theirs = report_of(OURS)["per_class"], report_of(THEIRS)["per_class"]
    assert rows[1].change == pytest.approx(ours["pear"]["f1-score"] - theirs["pear"]["f1-score"])
    assert change.sentences()[0] == "Against stride-s0 on the same 25 images: 4 put right, 2 spoilt (exact p .69)."
    assert "two trained models" in change.sentences()[1]
    fields = score_fields(with_change=True)
    cells = {field.key: field.text(rows[1]) for field in fields}
    assert cells["counts"] == "+4 -1"
    assert cells["low"] == "[59.6 98.2]"
    worst_first = ordered(rows, fields, Order("counts", turned=True))
    assert worst_first[0].name == "apple"


def test_reports_on_other_images_or_classes_are_not_compared() -> None:
    other = run_of(THEIRS, pooling="stride", sha="other")
    with pytest.raises(RequestError, match="stride-s0 was scored on other test images: not compared"):
        against(run_of(OURS), other, report_of(OURS), report_of(THEIRS))
    with pytest.raises(RequestError, match="has other classes"):
        against(run_of(OURS), other, report_of(OURS), report_of(THEIRS, classes=["a", "b", "c"]))


def test_the_same_test_set_but_another_draw_is_compared_on_test_alone() -> None:
    other = run_of(THEIRS, pooling="stride", dataset__split_seed=1)
    assert against(run_of(OURS), other, report_of(OURS), report_of(THEIRS)).fixed == 4
    with pytest.raises(RequestError, match="other train images"):
        against(run_of(OURS), other, report_of(OURS, "train"), report_of(THEIRS, "train"))


def test_without_predictions_there_are_differences_but_no_test() -> None:
    change = against(fake(), fake("stride"), report_of(OURS), report_of(THEIRS))
    assert (change.fixed, change.p, dict(change.counts)) == (None, None, {})
    assert "no test of the difference" in change.sentences()[0]
    assert change.to_json()["per_class"]["pear"] == {"f1-score": pytest.approx(change.f1["pear"])}


def test_beside_train_each_class_has_its_gap() -> None:
    rows = class_rows(report_of(OURS), train=report_of(LABELS))
    assert rows[0].gap == pytest.approx(1.0 - rows[0].f1)  # type: ignore[operator]
    assert "gap" in [field.key for field in score_fields(with_train=True)]


def test_classes_are_narrowed_by_words_and_shown_without_controls() -> None:
    rows = class_rows(report_of(OURS))
    assert [row.name for row in narrowed(rows, "P E")] == ["apple", "pear"]
    assert score_fields()[0].text(rows[2]) == "[/b]\\x1b"


def test_pairs_stand_beside_those_of_the_reference() -> None:
    pairs = [Pair("apple", "pear", 5, 10, 2)]
    fields = pair_fields({("apple", "pear"): 7})
    assert {field.key: field.text(pairs[0]) for field in fields} == {
        "true": "apple",
        "said": "pear",
        "times": "5",
        "share": "50 %",
        "back": "2",
        "change": "-2",
    }
