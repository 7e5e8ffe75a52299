"""The form: rows follow the experiment's fields, texts mean what they mean after `--set`, edits say what changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.configuration import nest
from engine.errors import Problem, SettingsError
from engine.experiment import Experiment, setting_fields
from engine.presets import PRESETS, preset
from engine.study import pooling_plan
from tui.form.check import Checked, check
from tui.form.data_facts import ClassFacts, DataFacts
from tui.form.form import Form
from tui.form.lists import read_device, read_seeds, write_seeds
from tui.form.settings import DATA_SET, DEVICE, PRESET, SEEDS, Kind, Setting, form_settings, setting_of
from tui.form.steps import stepped
from tui.form.values import join_values, read_value, split_values, write_value

FRUIT = DataFacts("cifar100", tuple(ClassFacts(name, "fruit", 500, 100) for name in ("apple", "orange", "pear")))
ROWS = st.sampled_from([row for row in form_settings() if row.kind is not Kind.LIST])
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
SCALARS = st.integers() | st.floats(allow_nan=False) | st.booleans() | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))


def edited(**texts: str) -> Form:
    form = Form.from_defaults()
    for key, text in texts.items():
        form = form.set(next(row.field for row in form_settings() if row.field.endswith(key)), text)
    return form


def test_every_setting_but_the_seed_has_a_row_in_the_engine_s_order() -> None:
    fields = [row.field for row in form_settings()]
    assert fields == [PRESET] + [name for name in setting_fields() if name != "training.seed"] + [SEEDS, DEVICE]
    assert all(row.label and row.description for row in form_settings())
    assert setting_of("training.lr").range == "above 0 … below 1,000,000,000" or setting_of("training.lr").range


def test_the_defaults_mean_the_default_experiment() -> None:
    checked = check(Form.from_defaults())
    assert checked.problems == ()
    assert checked.experiment == Experiment()
    assert checked.kind == "run"
    assert [one.experiment for one in checked.runs] == [Experiment()]


def typable(row: Setting) -> st.SearchStrategy[Any]:
    """A row of words takes words, one of names a list of them; all other rows take whatever TOML can say."""
    if row.kind in (Kind.CHOICE, Kind.TEXT):
        return TEXTS | st.sampled_from(row.choices)
    return st.lists(TEXTS, max_size=3) if row.kind is Kind.WORDS else VALUES


@given(ROWS.flatmap(lambda row: st.tuples(st.just(row), typable(row))))
def test_a_value_written_and_read_is_the_same(pair: tuple[Setting, Any]) -> None:
    row, value = pair
    assert read_value(row, write_value(row, value)) == value


@given(st.sets(ROWS, max_size=4).flatmap(lambda rows: st.fixed_dictionaries({row: typable(row) for row in rows})))
def test_a_form_means_what_the_settings_mean(values: dict[Setting, Any]) -> None:
    values = {row: value for row, value in values.items() if not (row.can_vary and isinstance(value, list))}
    form = Form.from_defaults()
    for row, value in sorted(values.items(), key=lambda item: item[0].field != DATA_SET):  # it takes its classes along
        form = form.set(row.field, write_value(row, value))
    checked = check(form)
    try:
        typed = {row.field: read_value(row, write_value(row, value)) for row, value in values.items()}  # 0.0 is typed 0
        wanted, problems = Experiment.build(nest(typed)), set[Problem]()
    except SettingsError as error:
        wanted, problems = None, set(error.problems)
    assert (checked.experiment, set(checked.problems)) == (wanted, problems)


def test_every_problem_stands_beside_its_row() -> None:
    checked = check(edited(pooling="maxx", epochs="0", lr="quick", seeds="one", device="tpu"))
    assert checked.members == ()
    assert checked.problems_of("model.pooling") == ["'maxx' is not one of stride, max, avg (did you mean max?)"]
    assert checked.problems_of("training.epochs") == ["0 is not in 1 … 1,000,000"]
    assert "'quick' is not a number" in checked.problems_of("training.lr")[0]
    assert "'one' is not a list" in checked.problems_of(SEEDS)[0]
    assert "'tpu' is not one of auto" in checked.problems_of(DEVICE)[0]


def test_what_the_data_are_too_small_for_is_a_problem_of_its_row() -> None:
    form = edited(**{"dataset.name": "cifar100"}, classes="apple, pear", batch_size="1000")
    assert check(form, FRUIT).problems_of("training.batch_size") == [
        "1,000 is more than the 900 training images; allowed is 1 … 900"
    ]
    assert (
        "did you mean apple?"
        in check(form.set("dataset.classes", "aple, pear"), FRUIT).problems_of("dataset.classes")[0]
    )
    assert "at least 2 classes" in check(form.set("dataset.classes", "apple"), FRUIT).problems_of("dataset.classes")[0]
    checked = check(form.set("training.batch_size", "100"), FRUIT)
    assert checked.architecture is not None
    assert checked.architecture.classes == 2
    assert checked.sizes is not None
    assert (checked.sizes.train, checked.sizes.validation, checked.sizes.test) == (900, 100, 200)


def test_facts_of_another_data_set_say_nothing() -> None:
    assert check(edited(classes="7"), FRUIT).problems == ()


def test_several_values_are_a_grid_over_all_seeds() -> None:
    checked = check(edited(lr="0.01, 0.1", hidden_size="[8, 16]", seeds="0-2"))
    assert checked.kind == "grid"
    assert len(checked.runs) == 12
    assert checked.runs[1].label == "hidden_size 8 · lr 0.1"
    member = checked.runs[1].experiment
    assert (member.model.hidden_size, member.training.lr, member.training.seed) == (8, 0.1, 0)
    assert checked.runs[4].experiment.training.seed == 1


def test_a_wrong_value_of_a_grid_is_told_once() -> None:
    checked = check(edited(lr="0.01, quick", hidden_size="8, 16"))
    assert [problem.field for problem in checked.problems] == ["training.lr"]


def test_three_poolings_are_the_pooling_study_and_again_they_are_not() -> None:
    form = edited(seeds="0 5").three_poolings()
    checked = check(form)
    assert checked.kind == "pooling"
    assert [(one.label, one.experiment) for one in checked.runs] == pooling_plan(Experiment(), (0, 5))
    assert form.three_poolings().texts["model.pooling"] == "max"
    assert check(edited(pooling="max, avg")).kind == "grid"


def test_seeds_alone_are_a_study() -> None:
    checked = check(edited(seeds="3, 4"))
    assert checked.kind == "seeds"
    assert check(edited(**{"dataset.name": "cifar100"}, seeds="3, 4"), FRUIT).architecture is not None
    assert [one.experiment.training.seed for one in checked.runs] == [3, 4]


def test_too_many_runs_are_refused_beside_the_seeds() -> None:
    checked = check(edited(seeds="0-99", lr=", ".join(f"0.{n}" for n in range(11, 30))))
    assert checked.problems_of(SEEDS) == ["1,900 runs are more than 1,000 at once"]


def test_a_form_like_a_run_says_what_was_changed() -> None:
    experiment = Experiment.build({"model": {"pooling": "avg"}, "training": {"lr": 0.005, "seed": 7}}).to_dict()
    form = Form.like_run("old", experiment, device="cpu")
    assert check(form).experiment == Experiment.build(experiment)
    assert form.changed == ()
    assert form.set("training.lr", "5e-3").changed == ()
    changed = form.set("training.lr", "0.05").set(SEEDS, "0 1")
    assert changed.changed == ("training.lr", SEEDS)
    assert changed.reset("training.lr").changed == (SEEDS,)
    assert form.reset("model.pooling").texts["model.pooling"] == "max"


def test_classes_are_remembered_for_each_data_set() -> None:
    form = edited(**{"dataset.name": "cifar100"}, classes="apple, pear")
    away = form.set("dataset.name", "digits")
    assert away.texts["dataset.classes"] == ""
    assert away.set("dataset.name", "cifar100").texts["dataset.classes"] == "apple, pear"


def test_varying_a_choice_offers_all_of_it_and_again_one() -> None:
    form = Form.from_defaults().vary("training.optimizer")
    assert form.values("training.optimizer") == ["sgd", "adamw"]
    assert form.vary("training.optimizer").texts["training.optimizer"] == "sgd"
    assert Form.from_defaults().vary("training.nesterov").values("training.nesterov") == ["false", "true"]
    assert Form.from_defaults().vary("dataset.classes") == Form.from_defaults()


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20, unique=True))
def test_seeds_written_and_read_are_the_same(seeds: list[int]) -> None:
    assert read_seeds(write_seeds(tuple(seeds))) == tuple(seeds)


@pytest.mark.parametrize("text", ["", "a", "1 b", "-1", "1.5", "5-3", "0-100", "0-99999999999"])
def test_what_is_no_list_of_seeds_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a list of up to 100 whole numbers"):
        read_seeds(text)


def test_a_device_has_lanes_or_what_suits_it() -> None:
    assert read_device("cpu, 2 lanes") == ("cpu", 2)
    assert read_device("cuda:1") == ("cuda:1", None)
    assert read_device("cpu,") == ("cpu", None)
    with pytest.raises(SettingsError, match="lanes in 1 … 256"):
        read_device("cpu, 0 lanes")


@pytest.mark.parametrize(
    ("field", "text", "up", "down"),
    [
        ("training.lr", "0.005", "0.01", "0.002"),
        ("training.lr", "0.003", "0.005", "0.002"),
        ("training.batch_size", "128", "256", "64"),
        ("training.epochs", "500", "1000", "200"),
        ("training.epochs", "1", "2", "1"),
        ("training.threads", "0", "1", "0"),
        ("training.momentum", "0", "0.1", "0"),
        ("training.momentum", "0.9", "0.9", "0.8"),
        ("training.weight_decay", "0", "0.0001", "0"),
        ("training.weight_decay", "0.0001", "0.0002", "0"),
        ("dataset.validation", "0.1", "0.2", "0.05"),
        ("dataset.validation", "0.5", "test", "0.2"),
        ("dataset.validation", "test", "test", "0.1"),
        ("dataset.image_size", "32", "48", "16"),
        ("model.pooling", "max", "avg", "stride"),
        ("model.pooling", "avg", "avg", "max"),
        ("training.nesterov", "false", "true", "false"),
        ("training.lr", "quick", "quick", "quick"),
    ],
)
def test_steps_are_those_that_somebody_would_want(field: str, text: str, up: str, down: str) -> None:
    row = setting_of(field)
    assert (stepped(row, text, 1), stepped(row, text, -1)) == (up, down)


@given(ROWS.filter(lambda row: row.can_vary), st.integers(1, 12), st.sampled_from([1, -1]))
def test_no_number_of_steps_leads_out_of_what_is_allowed(row: Setting, steps: int, by: int) -> None:
    text = write_value(row, row.default)
    for _ in range(steps):
        text = stepped(row, text, by)
        problems = check(Form.from_defaults().set(row.field, text)).problems
        assert not any(problem.field == row.field and " is not in " in problem.message for problem in problems)


def test_values_are_joined_as_they_are_split() -> None:
    row = setting_of("training.lr")
    assert split_values(row, join_values(["0.1", "0.2"])) == ["0.1", "0.2"]
    assert split_values(row, "0.1 0.2,  0.1,") == ["0.1", "0.2"]


def test_checked_without_a_form_s_problems_plans_nothing_by_itself() -> None:
    assert Checked().kind == "run"


def test_a_preset_goes_over_what_is_there_and_back_but_for_what_was_changed_since() -> None:
    form = edited(epochs="7", lr="0.3", classes="1, 2")
    begun = form.set(PRESET, "cifar100-75")
    assert begun.texts["dataset.name"] == "cifar100"
    assert begun.texts["dataset.classes"] == ""
    assert begun.texts["training.epochs"] == "16"
    assert {"training.epochs", PRESET, "model.name"} <= set(begun.changed)
    other = begun.set("training.epochs", "25").set(PRESET, "small-best")
    assert other.texts["dataset.name"] == "digits"
    assert other.texts["dataset.classes"] == "1, 2"
    assert other.texts["training.epochs"] == "50"
    assert dict(other.set("training.epochs", "25").reset(PRESET).texts) == {**form.texts, "training.epochs": "25"}
    assert begun.set(PRESET, "none").texts == form.texts


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_fits_the_form(name: str) -> None:
    checked = check(Form.from_defaults().set(PRESET, name))
    assert checked.problems == ()
    assert checked.experiment == Experiment.build(preset(name))
