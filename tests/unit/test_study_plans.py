"""Ladders, grids and learning curves: which runs they are, and what their tables say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engine.comparison import compare
from engine.comparison.cautions import cautions_of_steps
from engine.comparison.step_lines import step_lines
from engine.comparison.steps import describe_steps
from engine.configuration import parse_alternatives
from engine.errors import RequestError, SettingsError
from engine.experiment import Experiment, setting_fields
from engine.ladder import RUNGS, climb
from engine.preparation import default_name
from engine.study_plans import data_plan, grid_plan, ladder_plan
from tests.unit.comparison.fakes import FakeRun, fake


def test_every_rung_changes_settings_that_there_are_and_says_why() -> None:
    assert RUNGS[0].changes == {}
    for rung in RUNGS:
        assert rung.description
        assert set(rung.changes) <= set(setting_fields())
    labels = [rung.label for rung in RUNGS]
    assert len(set(labels)) == len(labels)


def test_each_rung_differs_from_the_one_below_in_its_changes_alone() -> None:
    plan = ladder_plan({}, ["max"])
    assert plan[0].experiment == Experiment()
    for below, above, rung in zip(plan, plan[1:], RUNGS[1:], strict=False):
        lower, upper = below.experiment.to_dict(), above.experiment.to_dict()
        changed = {f"{s}.{k}" for s, values in upper.items() for k in values if values[k] != lower[s][k]}
        assert changed == set(rung.changes), rung.label


def test_settings_that_are_given_hold_on_every_rung() -> None:
    given = {"training": {"epochs": 7, "flips": "random"}, "model": {"hidden_size": 5}}
    steps = climb(given)
    assert "width" not in [rung.label for rung, _ in steps]
    for _, settings in steps:
        experiment = Experiment.build(settings)
        assert (experiment.training.epochs, experiment.training.flips, experiment.model.hidden_size) == (7, "random", 5)


def test_a_ladder_climbs_once_with_each_tactic() -> None:
    plan = ladder_plan({}, ["stride", "avg"])
    assert [one.label for one in plan[: len(RUNGS)]] == [f"stride · {rung.label}" for rung in RUNGS]
    assert {one.experiment.model.pooling for one in plan[len(RUNGS) :]} == {"avg"}


def test_alternatives_are_lists_or_keys_that_come_again() -> None:
    fixed, axes = parse_alternatives(
        ["training.lr=[0.1, 0.2]", "model.pooling=max", "model.hidden_size=4", "model.hidden_size=8"]
    )
    assert fixed == {"model": {"pooling": "max"}}
    assert axes == {"training.lr": [0.1, 0.2], "model.hidden_size": [4, 8]}
    with pytest.raises(RequestError, match="alternatives is empty"):
        parse_alternatives(["training.lr=[]"])


def test_a_grid_is_every_combination() -> None:
    plan = grid_plan({"training": {"epochs": 3}}, {"training.lr": [0.1, 0.2], "model.pooling": ["max", "avg"]})
    assert [one.label for one in plan] == [
        f"lr {lr} · pooling {pooling}" for lr in (0.1, 0.2) for pooling in ("max", "avg")
    ]
    assert {(one.experiment.training.lr, one.experiment.training.epochs) for one in plan} == {(0.1, 3), (0.2, 3)}


def test_wrong_alternatives_are_said_once_each_and_all_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        grid_plan({}, {"training.lr": [0.1, -1.0, 0.0], "model.pooling": ["max", "maxx"]})
    assert [problem.field for problem in error.value.problems] == ["training.lr", "training.lr", "model.pooling"]
    with pytest.raises(SettingsError, match=r"allowed are 1 … 1,000"):
        grid_plan({}, {"training.batch_size": list(range(1, 41)), "training.epochs": list(range(1, 41))})


def test_an_alternative_that_is_there_already_is_not_trained_again() -> None:
    plan = grid_plan({}, {"training.lr": [0.1, 0.2, 1e-1], "model.hidden_size": [8, 8]})
    assert [one.label for one in plan] == ["lr 0.1 · hidden_size 8", "lr 0.2 · hidden_size 8"]


def test_seeds_are_no_alternatives_because_every_combination_has_them_all() -> None:
    for plan in (
        lambda: grid_plan({}, {"training.seed": [0, 5]}),
        lambda: data_plan({}, [1.0], {"training.seed": [5]}),
    ):
        with pytest.raises(SettingsError, match=r"training\.seed: .* give --seeds \d"):
            plan()


def test_a_learning_curve_takes_each_share_smallest_first() -> None:
    plan = data_plan({}, [1.0, 0.25, 0.25], {})
    assert [(one.label, one.experiment.dataset.train_fraction) for one in plan] == [("25 %", 0.25), ("100 %", 1.0)]
    both = data_plan({}, [0.5, 1.0], {"model.name": ["lab", "lab-bn"]})
    assert [(one.series, one.step) for one in both] == [
        (f"name {name}", step) for name in ("lab", "lab-bn") for step in ("50 %", "100 %")
    ]


def step(label: str, position: int, test: float, seed: int, **options: Any) -> FakeRun:
    run = fake(seed=seed, test=test, validation=options.pop("validation", test), number=10 * position + seed, **options)
    run.document["study"] = {"id": "s", "kind": "ladder", "label": label, "step": label, "series": "max"}
    run.document["study"] |= {"position": position, "seeds": [0, 1, 2]}
    return run


def three(label: str, position: int, accuracies: list[float], **options: Any) -> list[FakeRun]:
    return [step(label, position, test, seed, **options) for seed, test in enumerate(accuracies)]


def test_gains_are_paired_over_seeds_corrected_and_judged() -> None:
    runs = [
        *three("c", 3, [0.501, 0.598, 0.702]),
        *three("a", 1, [0.30, 0.40, 0.50]),
        *three("b", 2, [0.50, 0.601, 0.699]),
    ]
    document = describe_steps(runs)
    (series,) = document["series"]
    low, middle, high = series["rows"]
    assert [row["label"] for row in series["rows"]] == ["a", "b", "c"]
    assert low["gain"] is None
    assert low["test_accuracy"]["mean"] == pytest.approx(0.4)
    assert middle["gain"]["difference"] == pytest.approx(0.2)
    assert middle["gain"]["low"] < 0.2 < middle["gain"]["high"]
    assert middle["gain"]["p"] == pytest.approx(2 * middle["gain"]["p_raw"])
    assert (middle["verdict"], high["verdict"]) == ("pays", "not settled")
    assert series["total"]["difference"] == pytest.approx(0.2003, abs=1e-3)
    assert (document["best"], document["tests"]) == ("c", 2)
    text = "\n".join(step_lines(document, "ladder", 120))
    assert "c over a: +20.0" in text
    assert "Holm over 2 gains" in text
    assert "Best on validation: c. Test is reported, not selected on." in text
    assert text.count("MMAC") == 2
    narrow = "\n".join(step_lines(document, "ladder", 60))
    assert "MMAC" not in narrow, "the legend explains what is shown"


def test_the_rungs_of_a_ladder_have_their_whole_names_on_80_columns() -> None:
    names = [rung.label for rung in RUNGS]
    runs = [
        run
        for number, name in enumerate(names)
        for run in three(name, number + 1, [0.03 * number + 0.5, 0.031 * number + 0.52, 0.028 * number + 0.61])
    ]
    lines = list(step_lines(describe_steps(runs), "ladder", 80))
    assert all(len(line) <= 80 for line in lines)
    assert [line[:16].rstrip() for line in lines[1 : len(names) + 1]] == names
    assert any("open: not settled" in line for line in lines)


def test_steps_are_not_cautioned_for_a_table_that_is_not_shown() -> None:
    runs = [
        run for number in range(25) for run in three(str(number), number + 1, [0.5, 0.6, 0.7], training__lr=number + 1)
    ]
    document = compare([*runs, fake(state="training", number=999)])
    assert any("groups: each is compared with the reference alone" in warning for warning in document["warnings"])
    assert [warning.partition(":")[0] for warning in cautions_of_steps(document)] == [
        "not over yet, or failed, and left out"
    ]


def test_a_rung_that_makes_it_worse_is_said_to_cost() -> None:
    runs = [*three("a", 1, [0.7, 0.8, 0.9]), *three("b", 2, [0.6, 0.701, 0.799])]
    (series,) = describe_steps(runs)["series"]
    assert series["rows"][1]["verdict"] == "costs"


def test_the_best_is_chosen_on_validation_not_on_test() -> None:
    runs = [
        *three("a", 1, [0.7, 0.7, 0.7], validation=0.9),
        *three("b", 2, [0.8, 0.8, 0.8], validation=0.8),
    ]
    assert describe_steps(runs)["best"] == "a"


def test_steps_that_were_selected_on_test_do_not_claim_a_validation() -> None:
    runs = [*three("a", 1, [0.7, 0.7, 0.7], selected_on="test"), *three("b", 2, [0.8, 0.8, 0.8], selected_on="test")]
    text = " ".join(step_lines(describe_steps(runs), "ladder", 120))
    assert "Best on test, which is what these runs validate on: b." in text
    assert "not selected on" not in text


def test_runs_that_do_not_follow_one_another_have_no_steps() -> None:
    assert describe_steps([fake(), fake(seed=1)])["series"] == []


def test_the_names_of_a_learning_curve_are_words_for_a_shell_and_a_file() -> None:
    plan = data_plan({}, [0.125, 1.0], {"model.name": ["lab", "lab-bn"]})
    names = [default_name(one.experiment, one.label) for one in plan]
    assert [name.partition("-")[2].partition("-")[2] for name in names] == [
        f"name-{network}-{share}pct-s0" for network in ("lab", "lab-bn") for share in ("12.5", "100")
    ]
    assert all(re.fullmatch(r"[\w.-]+", name) for name in names)
