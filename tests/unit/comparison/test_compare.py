"""Comparisons: two kinds of question, never mixed, and never more said than the runs can bear."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from engine.comparison import compare, to_csv, to_markdown
from engine.comparison.lines import comparison_lines
from engine.errors import RequestError
from tests.unit.comparison.fakes import FakeRun, fake

TEST = {"stride": [0.80, 0.79, 0.81, 0.80], "max": [0.83, 0.84, 0.82, 0.83], "avg": [0.78, 0.80, 0.77, 0.79]}


def study(seeds: int = 4, **options: Any) -> list[FakeRun]:
    validation = {"stride": 0.82, "max": 0.85, "avg": 0.80}
    seconds = {"stride": 20.0, "max": 72.0, "avg": 70.0}
    return [
        fake(p, s, test=TEST[p][s], validation=validation[p] + s / 1000, seconds=seconds[p], **options)
        for s in range(seeds)
        for p in TEST
    ]


def group(document: dict[str, Any], label: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in document["groups"] if row["label"] == label)
    return found


def test_groups_are_settings_and_differences_are_paired_over_seeds_with_holm() -> None:
    document = compare(study())
    assert document["differs"] == ["model.pooling", "training.seed"]
    assert [(row["label"], row["n"], row["reference"]) for row in document["groups"]] == [
        ("stride", 4, True),
        ("max", 4, False),
        ("avg", 4, False),
    ]
    ps = {}
    for a, b in (("stride", "max"), ("stride", "avg"), ("max", "avg")):
        ps[a, b] = scipy.stats.ttest_rel(TEST[a], TEST[b])
    row = group(document, "max")["metrics"]["test_accuracy"]
    interval = ps["stride", "max"].confidence_interval(0.95)
    assert row["mean"] == pytest.approx(np.mean(TEST["max"]))
    assert row["std"] == pytest.approx(np.std(TEST["max"], ddof=1))
    assert row["difference"] == pytest.approx(0.03)
    assert (row["low"], row["high"]) == pytest.approx((-interval.high, -interval.low))
    assert row["p_raw"] == pytest.approx(ps["stride", "max"].pvalue)
    raw = sorted(found.pvalue for found in ps.values())
    corrected = np.maximum.accumulate([min(1.0, (3 - rank) * p) for rank, p in enumerate(raw)])
    assert row["p"] == pytest.approx(corrected[raw.index(ps["stride", "max"].pvalue)])
    assert group(document, "stride")["metrics"]["test_accuracy"]["p"] is None


def test_the_reference_is_chosen_by_label_or_run() -> None:
    runs = study()
    for reference in ("avg", runs[2].id, "avg-s1"):
        document = compare(runs, reference=reference)
        assert [row["label"] for row in document["groups"] if row["reference"]] == ["avg"]
        assert group(document, "max")["metrics"]["test_accuracy"]["difference"] == pytest.approx(0.045)
    with pytest.raises(RequestError, match=r"'mx' is not one of stride, max, avg \(did you mean max\?\)"):
        compare(runs, reference="mx")


def test_the_pick_is_by_validation_and_its_reason_is_one_honest_line() -> None:
    best = compare(study())["best"]
    assert best["group"] == "max"
    assert best["run"] == "20260101-000000-001f"  # seed 3 has the highest validation accuracy
    assert best["runner_up"] == "stride"
    assert best["reason"].startswith("max: best on validation; test +3.0 [+0.4, +5.6] over stride, 4 seeds, p .0")
    assert best["reason"].endswith("(Holm): not settled; 3.6 × the time")


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        (1, "test +3.0 over stride, 1 seed: compares three models, not three tactics; 3.6 × the time"),
        (2, "test +4.0 over stride, 2 seeds, too few for an interval: not settled; 3.6 × the time"),
    ],
)
def test_below_three_seeds_nothing_is_called_settled(seeds: int, words: str) -> None:
    document = compare(study(seeds))
    assert document["best"]["reason"] == f"max: best on validation; {words}"
    for row in document["groups"]:
        assert row["metrics"]["test_accuracy"]["p"] is None
        assert row["metrics"]["test_accuracy"]["low"] is None


def test_a_settled_pick_says_so_and_one_that_test_contradicts_too() -> None:
    made = (("max", 0.9, 0.9), ("avg", 0.7, 0.8))
    runs = [fake(p, s, test=t + s / 1000, validation=v) for s in range(3) for p, t, v in made]
    runs[2].document["summary"]["test_accuracy"] += 0.0005
    assert "(Holm): settled; equal time" in compare(runs)["best"]["reason"]
    for run in runs:
        run.document["summary"]["validation_accuracy"] = 1 - run.document["summary"]["validation_accuracy"]
    best = compare(runs)["best"]
    assert best["group"] == "avg"
    assert "test settles against it" in best["reason"]


def test_equal_validation_is_decided_by_the_smaller_time() -> None:
    runs = [fake("max", seconds=20), fake("avg", seconds=10)]
    assert compare(runs)["best"]["group"] == "avg"


def test_runs_that_differ_in_the_seed_alone_are_one_setting() -> None:
    document = compare([fake("max", 0, test=0.8), fake("max", 1, test=0.9)])
    assert [(row["label"], row["n"]) for row in document["groups"]] == [("all", 2)]
    assert (
        document["best"]["reason"]
        == "nothing to choose between, all runs have the same settings; test 85.0 %, the mean of 2 seeds"
    )


def test_mcnemar_counts_images_put_right_and_spoilt() -> None:
    a = fake("max", predictions=[0, 0, 1, 1, 1, 0])
    b = fake("avg", predictions=[0, 1, 0, 0, 0, 0])
    (pair,) = compare([a, b])["pairs"]
    assert (pair["a"], pair["b"], pair["fixed"], pair["broken"], pair["images"]) == (a.id, b.id, 3, 1, 6)
    assert pair["p"] == pytest.approx(scipy.stats.binomtest(1, 4).pvalue)


def test_runs_with_other_test_sets_are_not_compared() -> None:
    runs = [fake("max", predictions=[0, 1]), fake("avg", sha="other", predictions=[0, 1])]
    document = compare(runs)
    assert document["best"] is None
    assert document["pairs"] == []
    assert document["differences"] == []
    assert group(document, "avg")["metrics"]["test_accuracy"]["difference"] is None
    assert any("test sets differ" in warning and "max-s0; avg-s0" in warning for warning in document["warnings"])


def test_unfinished_runs_are_listed_and_left_out() -> None:
    document = compare([fake("max"), fake("avg", state="training"), fake("stride")])
    assert [run["state"] for run in document["runs"]] == ["finished", "training", "finished"]
    assert [row["label"] for row in document["groups"]] == ["max", "stride"]
    assert any("avg-s0 (training)" in warning for warning in document["warnings"])


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([fake("max", selected_on="test"), fake("avg", selected_on="test")], "selected on test"),
        ([fake("max", selected_on="last", validation=None), fake("avg")], "no validation images"),
        ([fake("max"), fake("avg", device="cuda:0")], "times are not comparable"),
        ([fake("max"), fake("max", number=9), fake("avg")], "several runs of seed 0"),
        ([fake("max", 0), fake("avg", 1)], "no seed is common"),
        ([fake(p, s) for p in ("max", "avg") for s in (0, 1)], "2 seeds in common"),
        ([fake("max", training__epochs=500), fake("avg")], "stopped early, and compared as they are: max-s0 after 100"),
        (
            [fake("max", study={"kind": "pooling"}), fake("avg", study={"kind": "pooling"}, training__lr=0.2)],
            "also in training.lr: more than one factor",
        ),
        (
            [fake("max", s, study={"kind": "pooling", "seeds": [0]}) for s in (0, 7)],
            "seed 7 was not planned: the study grew",
        ),
    ],
)
def test_what_a_reader_must_beware_of_is_said(runs: list[FakeRun], words: str) -> None:
    assert any(words in warning for warning in compare(runs)["warnings"])


def test_rows_of_a_grid_can_be_told_apart_on_80_columns() -> None:
    grid = [(size, lr, seed) for size in (8, 16) for lr in (0.01, 0.1) for seed in range(3)]
    runs = [
        fake(seed=seed, number=number, model__hidden_size=size, training__lr=lr, test=0.5 + 0.013 * number)
        for number, (size, lr, seed) in enumerate(grid)
    ]
    lines = list(comparison_lines(compare(runs), 80))
    assert all(len(line) <= 80 for line in lines)
    assert [line[:24].rstrip() for line in lines[1:5]] == [
        f"hidden_size {size} · lr {lr}" for size in (8, 16) for lr in (0.01, 0.1)
    ]


def test_a_pick_that_was_selected_on_test_does_not_claim_a_validation() -> None:
    runs = [fake("max", selected_on="test", validation=0.9), fake("avg", selected_on="test")]
    document = compare(runs)
    assert document["best"]["reason"].startswith("max: best on test, its validation; ")
    assert "selected on test, so these accuracies are too high" in document["best"]["reason"]
    assert [row.split(",")[-1] for row in to_csv(document).splitlines()] == ["selected_on", "test", "test"]


def test_without_validation_there_is_no_pick() -> None:
    assert compare([fake("max", selected_on="last", validation=None), fake("avg")])["best"] is None


def test_overfitting_is_told_with_the_fit_beside_the_gap() -> None:
    runs = [fake("max", train=0.96), fake("avg", train=0.84, lowest_epoch=98)]
    text = " ".join(compare(runs)["overfitting"])
    assert "max 16.0 (train 96.0 %), avg 4.0 (train 84.0 %)" in text
    assert "a small gap is not yet a virtue" in text
    assert "Not yet fitted, train longer" in text
    assert "avg 1 of 1" in text
    assert "max 1 of 1" not in text


def test_the_lowest_loss_of_an_older_run_is_found_in_its_history() -> None:
    run = fake("max")
    for key in ("lowest_validation_loss", "lowest_validation_loss_epoch"):
        del run.document["summary"][key]
    run.records = [
        {"epoch": n, "validation": {"loss": {"mean": loss}}} for n, loss in ((1, 0.5), (2, None), (3, 0.2), (4, 0.2))
    ]
    metrics = compare([run])["runs"][0]["metrics"]
    assert (metrics["lowest_validation_loss"]["value"], metrics["lowest_validation_loss"]["epoch"]) == (0.2, 3)


def test_accuracies_of_a_run_carry_their_n_and_wilson_interval() -> None:
    metrics = compare([fake("max", test=0.8)])["runs"][0]["metrics"]["test_accuracy"]
    assert (metrics["value"], metrics["n"]) == (0.8, 100)
    assert (round(metrics["low"], 3), round(metrics["high"], 3)) == (0.711, 0.867)


@given(st.permutations(range(12)))
def test_a_comparison_does_not_depend_on_the_order_of_its_runs(order: list[int]) -> None:
    runs = study()
    plain, mixed = compare(runs, reference="stride"), compare([runs[i] for i in order], reference="stride")
    assert mixed["best"] == plain["best"]
    for row in plain["groups"]:
        other = group(mixed, row["label"])
        for measure, numbers in row["metrics"].items():
            assert other["metrics"][measure] == pytest.approx(numbers, nan_ok=True) if numbers["mean"] else True
    assert {frozenset(w.split()) for w in mixed["warnings"]} == {frozenset(w.split()) for w in plain["warnings"]}


def test_csv_has_a_row_a_run_and_markdown_a_row_a_setting() -> None:
    runs = study()
    runs[0].name = 'a,"b"\n|'
    document = compare(runs)
    rows = list(csv.DictReader(io.StringIO(to_csv(document))))
    assert len(rows) == 12
    assert rows[0]["name"] == runs[0].name
    assert float(rows[1]["test_accuracy"]) == 0.83
    assert rows[1]["model.pooling"] == "max"
    lines = to_markdown(document).splitlines()
    assert lines[0].startswith("| setting | n | test % |")
    assert len([line for line in lines if line.startswith("|")]) == 5


def test_a_thousand_runs_are_compared_without_quadratic_work() -> None:
    runs = [fake("max", number=n, training__lr=n / 1000, predictions=[0, 1]) for n in range(1, 1001)]
    document = compare(runs)
    assert len(document["groups"]) == 1000
    assert len(document["pairs"]) == len(document["differences"]) == 999
    assert any("1000 groups" in warning for warning in document["warnings"])


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(RequestError, match="split"):
        compare([fake(), fake("avg")], split="tset")


def test_networks_of_ones_own_are_told_apart_by_a_short_label() -> None:
    layers = [{"type": "flatten"}, {"type": "linear", "outputs": 0}]
    document = compare([fake(), fake(number=1, model__name="custom", model__layers=layers)])
    labels = [group["label"] for group in document["groups"]]
    assert labels[0] == "lab"
    assert re.fullmatch(r"custom · 2 layers [0-9a-f]{4}", labels[1])
    assert to_csv(document).count('""type"": ""flatten""') == 1
