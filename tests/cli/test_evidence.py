"""What one looks at when two models differ: mistakes drawn, flips listed; and studies that climb."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from engine import train
from engine.cli.main import run
from engine.experiment import Experiment
from engine.store import RunStore

TRAINED = ["--classes", "0,1,8", "--image-size", "16", "--epochs", "1", "--hidden-size", "2"]
TRAINED += ["--device", "cpu", "--threads", "1"]
TINY = [*TRAINED, "--lanes", "1"]


@pytest.fixture
def cnnlab(capsys: pytest.CaptureFixture[str], store: RunStore) -> Callable[..., tuple[int, str, str]]:
    """Run a command on the test's own store; returns exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([*arguments, "--runs", str(store.root)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def two_runs(store: RunStore, tiny: Callable[..., Experiment]) -> list[str]:
    """Names of a weak and a better run on the same images."""
    for epochs in (1, 4):
        for _ in train(tiny(epochs=epochs, classes=("0", "1", "8"), lr=0.02), store=store, device="cpu"):
            pass
    return [one.id for one in reversed(store.runs())]


def test_mistakes_are_drawn_under_what_they_are_and_what_was_said(cnnlab: Call, two_runs: list[str]) -> None:
    code, out, _ = cnnlab("report", two_runs[0], "--wrong", "--count", "2", "--reference", two_runs[1])
    assert code == 0
    document = json.loads(cnnlab("report", two_runs[0], "--wrong", "--reference", two_runs[1], "--json")[1])
    total = sum(map(sum, document["confusion"])) - sum(row[k] for k, row in enumerate(document["confusion"]))
    assert total > 2
    assert f"2 of {total} wrong images" in out
    first = document["wrong"][0]
    assert f"{first['image']}: {first['true']}" in out
    assert f"said {first['said']}" in out
    assert first["confidence"] >= document["wrong"][1]["confidence"]
    assert document["most_confused"][0]["images"] == max(
        count for row, counts in enumerate(document["confusion"]) for k, count in enumerate(counts) if k != row
    )
    flips = document["against"]["flips"]
    assert len([flip for flip in flips if flip["change"] == "fixed"]) == document["against"]["fixed"]
    assert len([flip for flip in flips if flip["change"] == "broken"]) == document["against"]["broken"]


def test_mistakes_of_one_class_alone(cnnlab: Call, two_runs: list[str]) -> None:
    document = json.loads(cnnlab("report", two_runs[0], "--wrong", "--true", "8", "--json")[1])
    assert {row["true"] for row in document["wrong"]} <= {"8"}
    code, _, err = cnnlab("report", two_runs[0], "--wrong", "--said", "nine")
    assert (code, "said: 'nine' is not a class of this report" in err) == (2, True)
    code, _, err = cnnlab("report", two_runs[0], "--true", "8")
    assert (code, "give that too" in err) == (2, True)


def test_a_ladder_is_climbed_and_its_table_comes_again(cnnlab: Call) -> None:
    pinned = ["--model", "lab", "--batch-size", "64", "--set", "training.weight_decay=0"]
    code, out, err = cnnlab("study", "ladder", *TINY, *pinned, "--seeds", "1")
    assert code == 0, err
    assert "pooling: max, as no pooling study on these classes has a pick" in err
    lines = out.splitlines()
    assert lines[0].split()[:3] == ["rung", "n", "test"]
    assert [line.split("  ")[0].strip() for line in lines[1:8]] == [
        *("lab", "one-cycle", "flips and shifts", "label smoothing", "averaged weights", "test-time flips", "cutout"),
    ]
    assert "cutout over lab:" in out
    again = cnnlab("study", "show", "ladder")
    assert again[1].strip() == out[: out.index("\nthis again")].strip()
    document = json.loads(cnnlab("study", "show", "ladder", "--json")[1])
    assert document.keys() == {"study", "runs", "comparison", "steps"}
    rows: list[dict[str, Any]] = document["steps"]["series"][0]["rows"]
    assert rows[0]["gain"] is None
    assert rows[1]["gain"]["n"] == 1


def test_a_learning_curve_trains_on_shares_of_the_images(cnnlab: Call) -> None:
    code, out, err = cnnlab("study", "data", *TINY, "--fractions", "0.5,1", "--seeds", "1", "--json")
    assert code == 0, err
    rows = json.loads(out)["steps"]["series"][0]["rows"]
    assert rows[0]["images"] < rows[1]["images"] < 2 * rows[0]["images"] + 3
    shares = [run["experiment"]["dataset"]["train_fraction"] for run in json.loads(out)["runs"]]
    assert shares == [0.5, 1.0]


def test_a_grid_is_trained_and_its_pick_is_by_validation(cnnlab: Call) -> None:
    given = [*TINY, "--seeds", "1", "--set", "training.lr=[0.05, 0.001]"]
    code, out, err = cnnlab("study", "grid", *given, "--json")
    assert code == 0, err
    document = json.loads(out)
    assert "steps" not in document
    assert document["comparison"]["differs"] == ["training.lr"]
    assert [run["study"]["label"] for run in document["runs"]] == ["lr 0.05", "lr 0.001"]


def test_a_preset_lies_under_what_is_given(cnnlab: Call) -> None:
    small = ["--classes", "0,1", "--image-size", "16", "--epochs", "1", "--hidden-size", "2", "--device", "cpu"]
    code, out, err = cnnlab("train", "--preset", "small-best", *small, "--json")
    assert code == 0, err
    experiment = json.loads(out)["experiment"]
    assert (experiment["model"]["name"], experiment["model"]["hidden_size"]) == ("resnet9", 2)
    assert experiment["training"]["test_flips"] is True
    code, _, err = cnnlab("train", "--preset", "small-bets")
    assert (code, "did you mean small-best?" in err) == (2, True)


def test_numbers_that_were_selected_on_test_say_so_wherever_they_are_listed(cnnlab: Call) -> None:
    _, out, err = cnnlab("train", *TRAINED, "--set", "dataset.validation=test", "--name", "as the notebook")
    assert "epoch 1 selected on test: train" in out + err
    table = cnnlab("runs")[1]
    assert "*" in table
    assert "selected on test" in table
    cnnlab("train", *TRAINED, "--name", "honest")
    assert "*" not in cnnlab("runs", "--filter", "honest")[1]
