"""The command that does the same, and TOML: parsed again, both ask for the same experiments as the form."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.main import run
from engine.errors import LabError
from engine.experiment import Experiment
from engine.study import Planned, over_seeds
from tui.form.check import check
from tui.form.command import command_of
from tui.form.form import Form
from tui.form.settings import SEEDS, Setting, form_settings
from tui.form.toml import line_of, read_toml, write_toml

CHOICES: dict[str, list[str]] = {
    "preset": ["none", "small-best", "cifar10-94", "cifar100-75"],
    "dataset.name": ["digits", "cifar10", "cifar100"],
    "dataset.classes": ["", "apple, pear", "1,2", '["a,b", "c"]', '[" x", "-y"]', "fruit and vegetables"],
    "dataset.validation": ["0.1", "0", "test", "0.1, 0.2", "test, 0.3"],
    "model.pooling": ["max", "avg", "stride, max, avg", "max stride"],
    "model.hidden_size": ["32", "8 16"],
    "training.lr": ["0.005", "1e-3", ".5", "[0.1, 0.01]"],
    "training.nesterov": ["false", "true", "false true"],
    "training.momentum": ["0.9", "0.9, 0.5"],
    "training.epochs": ["500", "3"],
    SEEDS: ["0", "4", "0-2", "1 2 3", "0 5 2", "7, 3"],
    "device": ["auto", "cpu", "cpu, 2 lanes", "cuda:1"],
}
FORMS = st.fixed_dictionaries({}, optional={field: st.sampled_from(texts) for field, texts in CHOICES.items()})


def form_with(texts: dict[str, str]) -> Form:
    form = Form.from_defaults()
    for field, text in texts.items():
        form = form.set(field, text)
    return form


def asked_by(command: str, patch: pytest.MonkeyPatch) -> tuple[list[Experiment], dict[str, Any]]:
    """The experiments that a command would train, and the rest of the wish."""
    found: list[tuple[list[Experiment], dict[str, Any]]] = []

    def take_plan(store: Any, plan: Sequence[Planned], **wish: Any) -> None:
        found.append(([one.experiment for one in over_seeds(plan, wish["seeds"])], wish))
        raise LabError("seen")

    def take_one(experiments: list[Experiment], data_dir: Path | None, *, fetch: bool) -> None:
        found.append((experiments, {"kind": "run", "data_dir": data_dir}))
        raise LabError("seen")

    patch.setattr("engine.preparation.study_makers", take_plan)
    patch.setattr("engine.preparation.prepare_all", take_one)
    first, *words = shlex.split(command)
    assert first == "cnnlab"
    run(words)
    return found[0]


@given(FORMS)
def test_the_command_trains_what_the_form_trains(texts: dict[str, str]) -> None:
    form = form_with(texts)
    checked = check(form)
    if checked.problems:
        return
    with pytest.MonkeyPatch.context() as patch:
        members, wish = asked_by(command_of(form, checked, data_dir=Path("/data"), runs=Path("r uns")), patch)
    assert members == [one.experiment for one in checked.runs]
    assert wish["data_dir"] == Path("/data")
    if checked.kind != "run":
        assert wish["device"] == checked.device
        assert wish["foreground"] is False


def test_the_command_says_only_what_is_not_default() -> None:
    form = form_with({"dataset.name": "cifar100", "dataset.classes": "apple, orange", "training.lr": "0.05"})
    command = command_of(form, check(form))
    assert command == "cnnlab train --dataset cifar100 --classes apple,orange --lr 0.05 --detach"
    form = form.three_poolings().set(SEEDS, "0-3").set("device", "cpu, 2 lanes").set("training.lr", "0.005")
    assert command_of(form, check(form)) == (
        "cnnlab study pooling --dataset cifar100 --classes apple,orange --seeds 4 --lanes 2 --device cpu --detach"
    )
    form = Form.from_defaults().set("training.lr", "0.1 0.2").set(SEEDS, "1 5")
    assert command_of(form, check(form)) == ("cnnlab study grid --set 'training.lr=[0.1, 0.2]' --seeds 1,5 --detach")


@given(FORMS)
def test_a_form_written_as_toml_and_read_is_the_same(texts: dict[str, str]) -> None:
    form = form_with(texts)
    read = read_toml(write_toml(form), Form.from_defaults().set("device", form.texts["device"]))
    assert read.problems == ()
    assert read.form is not None
    assert check(read.form).runs == check(form).runs
    assert set(check(read.form).problems) == set(check(form).problems)


@given(FORMS)
def test_what_is_saved_trains_the_same_by_the_command_it_names(texts: dict[str, str]) -> None:
    form = form_with(texts)
    checked = check(form)
    if checked.problems:
        return
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        path = Path(folder) / "saved.toml"
        path.write_text(write_toml(form, several=False))
        members, _ = asked_by(command_of(form, checked, config=str(path)), patch)
    assert members == [one.experiment for one in checked.runs]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[training]\nlr = \n", 2, "Invalid value"),
        ("[training]\nlr = 0.1\nepoch = 5\n", 3, "training.epoch: there is no such setting (did you mean"),
        ("\n[trainig]\nlr = 0.1\n", 2, "trainig: "),
        ("training = 3\n", 1, "training: 3 is not a table of settings"),
        ("[training]\nlr = [0.1", 2, "Unclosed array"),
    ],
)
def test_what_no_row_can_show_is_told_with_its_line(text: str, line: int, words: str) -> None:
    (problem,) = read_toml(text, Form.from_defaults()).problems
    assert problem.line == line
    assert words in str(problem)


@given(st.sampled_from(form_settings()), st.data())
def test_every_row_has_its_line(row: Setting, data: st.DataObject) -> None:
    text = write_toml(Form.from_defaults())
    if "." in row.field:
        found = text.splitlines()[line_of(text, row.field) - 1]
        assert found.startswith(f"{row.field.partition('.')[2]} = ")


def test_a_wrong_value_comes_back_into_its_row() -> None:
    read = read_toml('[training]\nlr = "quick"\nepochs = 5.0\nseed = "x"\n', Form.from_defaults())
    assert read.problems == ()
    assert read.form is not None
    checked = check(read.form)
    assert "'quick' is not a number" in checked.problems_of("training.lr")[0]
    assert "5.0 is not a whole number" in checked.problems_of("training.epochs")[0]
    assert "is not a list" in checked.problems_of(SEEDS)[0]
