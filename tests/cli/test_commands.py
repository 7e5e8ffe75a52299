"""`cnnlab` in this process: documents, exit codes, and one clear line for everything that can be wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine import train
from engine.cli.main import COMMANDS, run
from engine.experiment import Experiment
from engine.store import Run, RunStore

Tiny = Callable[..., Experiment]


@pytest.fixture
def cnnlab(capsys: pytest.CaptureFixture[str], store: RunStore) -> Callable[..., tuple[int, str, str]]:
    """Run a command on the test's own store; returns exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        os.environ["CNNLAB_RUNS"] = str(store.root)
        try:
            code = run(list(arguments))
        finally:
            del os.environ["CNNLAB_RUNS"]
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


Call = Callable[..., tuple[int, str, str]]


def document(call: tuple[int, str, str]) -> Any:
    code, out, err = call
    assert code == 0, err
    return json.loads(out)


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_has_help_that_begins_with_a_sentence(cnnlab: Call, command: str) -> None:
    code, out, _ = cnnlab(command, "--help")
    assert code == 0
    assert out.startswith(f"Usage: cnnlab {command} ")
    sentence = out.split("\n\n")[1].strip()
    assert sentence[0].isupper()
    assert sentence.rstrip(".").count(".") < 4


BAD: list[tuple[list[str], int, str]] = [
    (["nonsense"], 2, "there is no command 'nonsense'"),
    (["runz"], 2, "did you mean runs?"),
    (["train", "--dataset", "mnist"], 2, "dataset.name: 'mnist' is not one of digits, cifar10, cifar100, folder"),
    (["train", "--classes", "0,eleven"], 2, "dataset.classes: 'eleven' is not a class of digits"),
    (["train", "--classes", "3"], 2, "dataset.classes: 3: at least 2 classes are needed"),
    (["train", "--model", "vgg"], 2, "model.name: 'vgg' is not one of lab"),
    (["train", "--pooling", "maxx"], 2, "is not one of stride, max, avg (did you mean max?)"),
    (["train", "--polling", "max"], 2, "No such option"),
    (["train", "--epochs", "0"], 2, "training.epochs: 0 is not in 1 … 1,000,000"),
    (["train", "--epochs", "-1"], 2, "training.epochs: -1 is not in 1 … 1,000,000"),
    (["train", "--epochs", "1.5"], 2, "training.epochs: 1.5 is not a whole number"),
    (["train", "--epochs", "1000000000"], 2, "training.epochs: 1000000000 is not in"),
    (["train", "--epochs", "many"], 2, "training.epochs: 'many' is not a whole number"),
    (["train", "--lr", "nan"], 2, "training.lr: nan is not a finite number"),
    (["train", "--lr", "0"], 2, "training.lr: 0 is not in (above) 0"),
    (["train", "--batch-size", "100000"], 2, "training.batch_size: 100,000 is more than the 1,295 training images"),
    (["train", "--image-size", "8"], 2, "dataset.image_size: 8 is not in 16 … 512"),
    (["train", "--device", "gpu"], 2, "device: 'gpu' is not one of auto, cpu, cuda"),
    (["train", "--set", "lr=1"], 2, "section.key=value"),
    (["train", "--set", "training.lrr=1"], 2, "did you mean training.lr?"),
    (["train", "--config", "/nonexistent/x.toml"], 2, "No such file"),
    (["train", "--name", ""], 2, "name: '' is not a text"),
    (["train", "--dataset", "cifar100", "--data-dir", "/nonexistent"], 3, "neither cifar-100-python/ nor"),
    (["train", "--dataset", "folder", "--data-dir", "/nonexistent"], 3, "there is no such folder"),
    (["train", "--dataset", "folder"], 2, "--data-dir"),
    (["study", "pooling", "--seeds", "0"], 2, "seeds: '0' is not a whole number in 1 … 100"),
    (["study", "pooling", "--seeds", "x"], 2, "seeds: 'x'"),
    (["study", "pooling", "--seeds", "0,1,0"], 2, "seeds: 0,1,0 names a seed twice"),
    (["study", "ladder", "--pooling", "maxx"], 2, "is not one of all, stride, max, avg (did you mean max?)"),
    (["study", "grid"], 2, "a grid needs alternatives"),
    (["study", "grid", "--set", "training.lr=[0.1, -1]"], 2, "training.lr: -1 is not in (above) 0"),
    (["study", "data", "--fractions", "0.5,2"], 2, "fractions: '0.5,2' is not a list of numbers above 0"),
    (["train", "--set", 'model.layers=[{type="conw"}]'], 2, "model.layers[0].type: 'conw' is not one of conv"),
    (["train", "--set", 'model.layers=[{type="linear"}]'], 2, "model.layers[0]: linear, given 3x32x32: needs a vector"),
    (["study", "pooling", "--set", 'model.layers=[{type="flatten"}, {type="linear"}]'], 2, 'no layer of type "reduce"'),
    (
        ["train", "--model", "lab-bn", "--batch-size", "647"],
        2,
        "training.batch_size: 647 leaves a batch of a single image",
    ),
    (["train", "--shift", "32"], 2, "training.shift: 32 moves an image of 32 pixels out of sight"),
    (["study", "seeds", "--seeds", "0,x"], 2, "training.seed: 'x' is not a whole number"),
    (["study", "show", "none"], 2, "there is no study 'none'"),
    (["show", "20200101-000000-abcd"], 2, "there is no run 20200101-000000-abcd"),
    (["show", "../x"], 2, "'../x' is not a run id"),
    (["show", "@last"], 2, "no runs in"),
    (["show", "@best"], 2, "no run is finished yet"),
    (["show"], 2, "Missing argument"),
    (["report", "@last"], 2, "no runs in"),
    (["compare", "@last"], 2, "no runs in"),
    (["runs", "--filter", "poling:max"], 2, "did you mean pooling?"),
    (["runs", "--sort", "tset"], 2, "did you mean test?"),
    (["stop", "none"], 2, "there is no run 'none'"),
    (["edit", "none"], 2, "nothing to change"),
    (["prune"], 2, "--trash, --checkpoints or both"),
    (["data", "show", "cifar"], 2, "did you mean cifar10?"),
    (["data", "fetch", "digits"], 2, "'digits' cannot be fetched"),
    (["data", "show", "digits", "--class", "eleven"], 2, "'eleven' is not a class of digits"),
    (["verify", "/nonexistent/a.onnx"], 3, "there is no such file"),
    (["predict", "/nonexistent/a.onnx", "x.png"], 3, "there is no such file"),
    (["worker", "--device", "gpu"], 2, "device: 'gpu' is not one of cpu, cuda:0"),
    (["worker", "--device", "cuda:" + "9" * 300], 2, "is not one of cpu, cuda:0"),
    (["worker", "--idle", "nan"], 2, "idle: nan is not a number of seconds"),
    (["summary", "--hidden-size", "0"], 2, "model.hidden_size: 0 is not in 1 … 4,096"),
    (["completion", "tcsh"], 2, "'tcsh' is not one of"),
    (["study", "poolin"], 2, "there is no command 'poolin' (did you mean pooling?); see `cnnlab study --help`"),
    (["data", "lst"], 2, "did you mean list?"),
    (["runs", "--runs", "n" * 300], 2, "File name too long"),
    (["train", "--runs", "n" * 300], 2, "File name too long"),
    (["train", "--dataset", "cifar100", "--data-dir", "n" * 300], 2, "File name too long"),
    (["train", "--dataset", "folder", "--data-dir", "n" * 300], 2, "File name too long"),
    (["train", "--classes", "0," + "9" * 5000], 2, "is not a class of digits; indices are 0 … 9"),
    (["train", "--set", "training.lr=" + "[" * 5000], 2, "training.lr: "),
    (["study", "pooling", "--seeds", "9" * 5000], 2, "seeds: "),
    (["train", "--epochs", "9" * 5000], 2, "training.epochs: inf is not a whole number"),
    (
        ["train", "--set", "training.epochs=0x" + "f" * 5000],
        2,
        "training.epochs: a number of thousands of digits is not",
    ),
    (["train", "--lr", "1" * 400], 2, "training.lr: "),
]


def test_several_problems_are_listed_each_with_its_field(cnnlab: Call) -> None:
    code, out, err = cnnlab("train", "--json", "--epochs", "0", "--pooling", "maxx", "--classes", "3,eigth")
    found = json.loads(out)
    assert (code, found["error"]["exit"], found["error"]["field"]) == (2, 2, "model.pooling")
    assert found["error"]["message"].splitlines() == [line.removeprefix("cnnlab: ") for line in err.splitlines()]
    assert found["errors"] == [
        {"field": "model.pooling", "message": "'maxx' is not one of stride, max, avg (did you mean max?)"},
        {"field": "training.epochs", "message": "0 is not in 1 … 1,000,000"},
        {
            "field": "dataset.classes",
            "message": "'eigth' is not a class of digits (see `cnnlab data show digits`)",
        },
    ]


def test_several_broken_images_are_listed_and_a_single_problem_is_not(cnnlab: Call, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bad.png").write_bytes(b"x")
    folder = ("--dataset", "folder", "--data-dir", str(tmp_path))
    code, out, _ = cnnlab("train", "--json", *folder)
    assert (code, len(json.loads(out)["errors"])) == (3, 2)
    assert all("bad.png: not an image" in row["message"] for row in json.loads(out)["errors"])
    (tmp_path / "a" / "bad.png").unlink()
    _, out, _ = cnnlab("train", "--json", *folder)
    assert set(json.loads(out)) == {"error"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["train"],
        ["study", "pooling"],
        ["study", "seeds"],
        ["resume", "old"],
        ["extend", "old", "--epochs", "20"],
        ["clone", "old", "--run"],
    ],
    ids=" ".join,
)
def test_a_gpu_that_is_not_there_is_refused_before_anything_is_made(
    cnnlab: Call, store: RunStore, tiny: Tiny, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    from engine import machine

    monkeypatch.setattr(machine, "gpu_count", lambda: 0)
    request = {"device": "auto", "queued_at": "2026-01-01T00:00:00.000Z"}
    run = store.create(tiny().to_dict(), fingerprint="f", name="old", request=request)
    with run.own() as owner:
        owner.update(state="stopped")
    before = run.reload().document
    code, out, err = cnnlab(*arguments, "--device", "cuda:0", "--json")
    assert (code, json.loads(out)["error"]["field"]) == (2, "device")
    assert err == (
        "cnnlab: device: 'cuda:0' is not there: the kernel shows no NVIDIA GPU; "
        "give --device cpu, or see `cnnlab doctor`\n"
    )
    assert [found.document for found in store.runs()] == [before]


def test_a_run_goes_on_where_its_gpu_is_not_only_if_it_is_told_so(
    cnnlab: Call, store: RunStore, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine import machine

    monkeypatch.setattr(machine, "gpu_count", lambda: 0)
    request = {"device": "cuda", "queued_at": "2026-01-01T00:00:00.000Z"}
    run = store.create(tiny().to_dict(), fingerprint="f", name="old", request=request)
    code, _, err = cnnlab("resume", "old")
    assert (code, "device: 'cuda' is not there" in err) == (2, True)
    assert run.reload().state == "queued"


@pytest.mark.parametrize("device", ["cuda:" + "9" * 5000, "cuda:\u0663", "cuda:", "cuda:-1", "CUDA", ""])
def test_a_word_that_is_no_device_is_refused(cnnlab: Call, store: RunStore, device: str) -> None:
    code, _, err = cnnlab("train", "--device", device, "--detach")
    assert (code, "is not one of auto, cpu, cuda, cuda:0" in err) == (2, True)
    assert len(err) < 200
    assert store.runs() == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_bad_input_gets_one_clear_line_its_code_and_makes_nothing(
    cnnlab: Call, store: RunStore, arguments: list[str], code: int, words: str
) -> None:
    got, out, err = cnnlab(*arguments)
    assert (got, out) == (code, "")
    assert words in err
    assert len(err.splitlines()) == 1
    assert err.startswith("cnnlab: ")
    assert store.runs() == []
    assert not store.root.exists()


@pytest.mark.parametrize("group", [[], ["study"], ["data"]])
def test_no_command_at_all_is_answered_with_the_help(cnnlab: Call, group: list[str]) -> None:
    code, out, err = cnnlab(*group)
    assert (code, out) == (2, "")
    assert err.startswith(f"{' '.join(['Usage: cnnlab', *group])} [OPTIONS] COMMAND")
    assert len(err.splitlines()) > 6


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("study", "data")])
def test_every_command_takes_the_shared_options(cnnlab: Call, tmp_path: Path, command: str) -> None:
    shared = ["--runs", str(tmp_path / "none"), "--data-dir", str(tmp_path), "--json", "--nonsense"]
    code, out, _ = cnnlab(command, *shared)
    assert code == 2
    assert json.loads(out)["error"]["field"] == "nonsense"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["show"], "run"),
        (["predict", "x.onnx", "a.png", "--top", "0"], "top"),
        (["train", "--epochs", "0"], "training.epochs"),
        (["nonsense"], "command"),
        (["show", "none"], "run"),
    ],
)
def test_an_error_document_names_its_field(cnnlab: Call, arguments: list[str], field: str) -> None:
    code, out, _ = cnnlab(*arguments, "--json")
    assert json.loads(out)["error"]["field"] == field
    assert json.loads(out)["error"]["exit"] == code == 2


def test_several_problems_are_a_line_each_and_one_document(cnnlab: Call) -> None:
    code, out, err = cnnlab("train", "--epochs", "0", "--pooling", "mux", "--lr", "fast", "--classes", "0,x", "--json")
    assert code == 2
    assert len(err.splitlines()) == 4
    error = json.loads(out)["error"]
    assert error["exit"] == 2
    assert error["field"] == "model.pooling"
    assert len(error["message"].splitlines()) == 4
    assert error["message"].splitlines()[3].startswith("dataset.classes: 'x' is not a class of digits")


def test_a_file_and_a_read_only_folder_are_no_place_for_runs(
    cnnlab: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for command in (["runs"], ["train"], ["study", "pooling"]):
        code, _, err = cnnlab(*command, "--runs", str(file))
        assert code == 2
        assert "is not a folder" in err
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    code, _, err = cnnlab("train", "--runs", str(tmp_path))
    assert code == 4
    assert "is read-only" in err
    assert cnnlab("runs", "--runs", str(tmp_path))[0] == 0


def test_an_empty_folder_is_an_empty_list(cnnlab: Call) -> None:
    assert document(cnnlab("runs", "--json")) == {"runs": []}
    code, out, err = cnnlab("runs")
    assert (code, out) == (0, "")
    assert "no runs yet" in err


@pytest.fixture
def two(store: RunStore, tiny: Tiny) -> tuple[Run, Run]:
    for pooling in ("max", "avg"):
        for _ in train(tiny(pooling=pooling), store=store, device="cpu"):
            pass
    second, first = store.runs()
    return first, second


def test_the_documents_are_those_of_the_contract(cnnlab: Call, two: tuple[Run, Run], tmp_path: Path) -> None:
    first, second = two
    listed = document(cnnlab("runs", "--json"))["runs"]
    assert [entry["id"] for entry in listed] == [second.id, first.id]
    assert listed[0] == second.to_json()
    shown = document(cnnlab("show", first.id, "--json"))
    assert [record["epoch"] for record in shown["history"]] == [1, 2, 3]
    report = document(cnnlab("report", first.id, "--split", "train", "--json"))
    assert {
        "run",
        "split",
        "classes",
        "accuracy",
        "per_class",
        "macro avg",
        "weighted avg",
        "confusion",
    } <= report.keys()
    assert report["selected_on"] == "validation"
    assert report["accuracy"] == (first.summary or {})["train_accuracy"]
    compared = document(cnnlab("compare", first.id, second.id, "--json"))
    assert {"runs", "differs", "groups", "pairs", "best", "warnings"} <= compared.keys()
    assert compared["differs"] == ["model.pooling"]
    assert {"a", "b", "split", "fixed", "broken", "p"} <= compared["pairs"][0].keys()
    assert {"value", "low", "high"} <= compared["runs"][0]["metrics"]["test_accuracy"].keys()
    exported = document(cnnlab("export", first.id, "--json"))
    assert {"run", "file", "sha256", "split", "images", "agreement", "max_abs_difference"} <= exported.keys()
    assert document(cnnlab("verify", first.id, "--json")) == exported
    assert document(cnnlab("verify", exported["file"], "--json")) == exported
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    predicted = document(cnnlab("predict", first.id, str(tmp_path / "a.png"), "--json"))
    assert {"file", "class", "probability", "top"} <= predicted["predictions"][0].keys()
    edited = document(cnnlab("edit", first.id, "--name", "mine", "--tag", "a", "--tag", "b", "--note", "n", "--json"))
    assert (edited["name"], edited["tags"], edited["note"]) == ("mine", ["a", "b"], "n")
    assert document(cnnlab("rm", "mine", first.id, "--json"))["id"] == first.id  # named twice, moved once
    assert document(cnnlab("restore", "mine", "--json"))["id"] == first.id


def test_tables_are_for_people_and_fit_their_terminal(
    cnnlab: Call, two: tuple[Run, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two
    for width in (80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        for command in (["runs"], ["report", first.id], ["compare", first.id, second.id], ["summary"]):
            code, out, err = cnnlab(*command)
            assert (code, err) == (0, "")
            assert max(map(len, out.splitlines())) <= width, command
    _, out, _ = cnnlab("compare", first.id, second.id)
    assert "compares two models, not two tactics" in out
    assert "Two models, not two settings" in out


def test_files_for_other_programs(cnnlab: Call, two: tuple[Run, Run], tmp_path: Path) -> None:
    first, second = two
    assert cnnlab("report", first.id, "--csv")[1].splitlines()[0].startswith("class,precision,recall")
    assert len(cnnlab("compare", first.id, second.id, "--csv")[1].splitlines()) == 3
    assert cnnlab("compare", first.id, second.id, "--markdown")[1].startswith("| setting |")
    page = tmp_path / "page.html"
    assert cnnlab("report", first.id, "--html", str(page))[0] == 0
    assert "<h2>Confusion</h2>" in page.read_text()
    code, _, err = cnnlab("report", first.id, "--html", str(tmp_path / "none" / "page.html"))
    assert code == 2
    assert "a folder that exists" in err
    assert cnnlab("export", first.id, "-o", str(tmp_path))[0] == 2
    assert cnnlab("report", first.id, "--split", "tset")[0] == 2


def test_a_clone_is_the_same_object_as_the_run_its_toml_and_the_options(
    cnnlab: Call, two: tuple[Run, Run], tmp_path: Path
) -> None:
    from engine.configuration import load_toml

    first, _ = two
    _, toml, _ = cnnlab("clone", first.id)
    path = tmp_path / "settings.toml"
    path.write_text(toml)
    experiment = Experiment.build(load_toml(path))
    assert experiment.to_dict() == first.experiment
    assert experiment.fingerprint == first.document["fingerprint"]


def test_what_has_not_finished_cannot_be_exported_or_reported(cnnlab: Call, store: RunStore, tiny: Tiny) -> None:
    new = store.create(tiny().to_dict(), fingerprint="f", name="new")
    for command in (["export", new.id], ["verify", new.id], ["report", new.id], ["predict", new.id, "x.png"]):
        code, _, err = cnnlab(*command)
        assert code == 2
        assert len(err.splitlines()) == 1
    code, _, err = cnnlab("pause", new.id)
    assert code == 2
    assert "nobody trains it" in err
    assert document(cnnlab("stop", new.id, "--json"))["state"] == "stopped"


def test_a_report_against_a_reference_counts_what_was_put_right_and_spoilt(
    cnnlab: Call, store: RunStore, tiny: Tiny
) -> None:
    for seed in (0, 1):
        list(train(tiny(seed=seed), store=store, device="cpu"))
    new, old = store.runs()
    found = document(cnnlab("report", new.id, "--reference", old.id, "--json"))["against"]
    assert (found["run"], found["images"]) == (old.id, 72)
    per_class = found["per_class"]
    assert found["fixed"] == sum(per_class[name]["fixed"] for name in ("0", "1"))
    code, out, _ = cnnlab("report", new.id, "--reference", old.id)
    assert code == 0
    assert f"Against {old.name} on the same 72 images: {found['fixed']} put right" in out
    code, _, err = cnnlab("report", new.id, "--reference", "nothing")
    assert (code, len(err.splitlines())) == (2, 1)


def test_ambiguous_references_list_the_runs(cnnlab: Call, store: RunStore, tiny: Tiny) -> None:
    runs = [store.create(tiny().to_dict(), fingerprint="f", name="same") for _ in range(2)]
    code, _, err = cnnlab("show", "same")
    assert code == 2
    assert all(entry.id in err for entry in runs)


CORPUS = [
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J",
    "[/red]",
    "[link=http://x]x[/]",
    "\u202eabc",
    "a\nb",
    "\x9b31m",
    "é漢字" * 20,
]


@pytest.mark.parametrize("name", CORPUS)
def test_names_never_steer_the_terminal_and_come_back_exactly(cnnlab: Call, two: tuple[Run, Run], name: str) -> None:
    first, second = two
    assert cnnlab("edit", first.id, "--name", name, "--tag", name, "--note", name)[0] == 0
    pair = ["compare", first.id, second.id]
    shown = [["runs"], ["runs", "--json"], ["show", first.id], ["show", first.id, "--json"], ["report", first.id]]
    compared = [pair, [*pair, "--csv"], [*pair, "--markdown"], [*pair, "--json"]]
    for command in (*shown, *compared, ["rm", first.id], ["restore"], ["restore", first.id]):
        code, out, err = cnnlab(*command)
        assert code == 0
        assert not set(out + err) & set("\x1b\x07\x9b\u202e")
    listed = document(cnnlab("runs", "--json"))["runs"]
    assert name in [entry["name"] for entry in listed]


def test_settings_with_hostile_class_names_come_back_from_their_toml(
    cnnlab: Call, store: RunStore, tiny: Tiny, tmp_path: Path
) -> None:
    from engine.configuration import load_toml

    settings = tiny().to_dict()
    settings["dataset"]["classes"] = ["\u202eevil", "a\x1b[31m\nb", "\x9bx", 'q"\\', "ok"]
    run = store.create(settings, fingerprint="f", name="hostile")
    _, toml, _ = cnnlab("clone", run.id)
    assert not set(toml) & set("\x1b\x9b\u202e")
    (tmp_path / "settings.toml").write_text(toml)
    assert load_toml(tmp_path / "settings.toml") == settings


def test_the_trash_can_be_looked_into(cnnlab: Call, two: tuple[Run, Run]) -> None:
    first, _ = two
    assert document(cnnlab("restore", "--json")) == {"runs": []}
    assert "the trash is empty" in cnnlab("restore")[2]
    cnnlab("rm", first.id)
    assert [run["id"] for run in document(cnnlab("restore", "--json"))["runs"]] == [first.id]
    assert first.id in cnnlab("restore")[1]
    code, _, err = cnnlab("restore", "none")
    assert code == 2
    assert err.endswith("see `cnnlab restore`\n")


def test_pruning_asks_and_gives_back_room(cnnlab: Call, two: tuple[Run, Run], store: RunStore) -> None:
    first, second = two
    cnnlab("rm", first.id)
    done = document(cnnlab("prune", "--trash", "--checkpoints", "--yes", "--json"))
    assert done["trash"] == 1
    assert done["checkpoint_bytes"] > 0
    assert store.trashed() == []
    assert not (second.path / "last.safetensors").exists()
    assert document(cnnlab("export", second.id, "--json"))["agreement"] == 1.0
    code, _, err = cnnlab("extend", second.id, "--epochs", "9")
    assert code == 2
    assert "has no checkpoint" in err


def test_a_damaged_run_is_one_line_among_the_others(cnnlab: Call, two: tuple[Run, Run], store: RunStore) -> None:
    first, second = two
    (first.path / "run.json").write_text("{")
    code, out, _ = cnnlab("runs")
    assert code == 0
    assert "damaged" in out
    assert second.id in out
    assert cnnlab("show", first.id)[0] == 0
    for command in (
        ["export", first.id],
        ["verify", first.id],
        ["resume", first.id],
        ["clone", first.id],
        ["clone", first.id, "--run"],
        ["extend", first.id, "--epochs", "99"],
        ["follow", first.id],
        ["edit", first.id, "--note", "x"],
        ["stop", first.id],
        ["pause", first.id],
        ["compare", first.id, second.id],
    ):
        code, out, err = cnnlab(*command)
        assert (code, out) == (3, ""), command
        assert f"{first.id} is damaged: run.json: not JSON" in err
        assert len(err.splitlines()) == 1
    assert len(store.runs()) == 2


def test_doctor_looks_at_everything_and_names_a_fix(cnnlab: Call, two: tuple[Run, Run]) -> None:
    (two[0].path / "run.json").write_text("{")
    code, out, _ = cnnlab("doctor", "--json")
    checks = json.loads(out)["checks"]
    assert code == 1
    assert json.loads(out)["error"]["exit"] == 1
    names = {check["name"] for check in checks}
    assert {"python", "torch", "cpu", "disk", "runs", "data digits", "data cifar100"} <= names
    (damaged,) = (check for check in checks if check["name"] == f"run {two[0].id}")
    assert not damaged["ok"]
    assert damaged["fix"]


def test_doctor_mends_a_damaged_run_when_told_to(cnnlab: Call, two: tuple[Run, Run]) -> None:
    path = two[0].path / "run.json"
    path.write_text(path.read_text()[:-400])
    code, _, err = cnnlab("doctor", "--repair")
    assert code == 2
    assert "There is nobody to ask here: give --yes" in err
    checks = json.loads(cnnlab("doctor", "--json")[1])["checks"]
    (damaged,) = (check for check in checks if check["name"] == f"run {two[0].id}")
    assert damaged["fix"].startswith("cnnlab doctor --repair: settings from run.json, interrupted at epoch 3")
    code, out, err = cnnlab("doctor", "--repair", "--yes", "--json")
    assert f"{two[0].id}: a new run.json, settings from run.json" in err
    assert not [check for check in json.loads(out)["checks"] if check["name"].startswith("run 2")]
    assert two[0].reload().state == "interrupted"
    code, _, err = cnnlab("doctor", "--repair")
    assert "there is no damaged run that can be mended" in err


def test_data_are_described_and_drawn(cnnlab: Call) -> None:
    info = document(cnnlab("data", "show", "digits", "--json"))
    assert info["classes"][3]["name"] == "3"
    assert sum(entry["train"] + entry["test"] for entry in info["classes"]) == 1797
    assert [entry["name"] for entry in document(cnnlab("data", "list", "--json"))["datasets"]] == [
        "digits",
        "cifar10",
        "cifar100",
        "folder",
    ]
    _, out, _ = cnnlab("data", "show", "digits", "--class", "3", "--count", "2")
    assert len(out.splitlines()) == 16
    info = document(cnnlab("data", "show", "cifar100", "--json"))
    assert info["classes"][0] == {
        "index": 0,
        "name": "apple",
        "superclass": "fruit and vegetables",
        "train": None,
        "test": None,
    }


def test_a_summary_needs_no_images_and_tries_on_request(cnnlab: Call) -> None:
    options = ["--dataset", "cifar100", "--classes", "apple,aquarium_fish,baby", "--pooling", "max", "--json"]
    summary = document(cnnlab("summary", *options))
    assert (summary["parameters"], summary["multiply_adds"]) == (21_699, 1_334_016)
    assert {"name", "type", "output_shape", "parameters", "multiply_adds"} == summary["layers"][0].keys()
    tried = document(cnnlab("summary", "--try", *options))
    assert len(tried["try"]["logits"]) == 3
