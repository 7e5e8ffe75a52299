"""`cnnlab` as a process: what it imports, what it prints where, and what a whole session does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from engine.store import RunStore
from tests.faults.processes import TINY

PROBE = """
import sys
from engine.cli.main import run
code = run(sys.argv[1:])
heavy = {"torch", "sklearn", "scipy.stats", "onnx", "onnxruntime", "pandas", "textual"} & set(sys.modules)
print(code, sorted(heavy), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], []),
        (["runs"], []),
        (["runs", "--json"], []),
        (["show", "one"], []),
        (["compare", "one", "two"], []),
        (["report", "one"], []),
        (["study", "show", "none"], []),
        (["train", "--help"], []),
        (["train", "--epochs", "0"], []),
        (["export", "one"], ["onnx", "onnxruntime", "sklearn", "scipy.stats", "pandas"]),
        (["data", "list"], []),
        (["summary"], []),
    ],
)
def test_looking_imports_nothing_heavy(tmp_path: Path, arguments: list[str], allowed: list[str]) -> None:
    store = RunStore(tmp_path)
    for name in ("one", "two"):
        run = store.create({"dataset": {"classes": []}, "model": {}, "training": {}}, fingerprint="f", name=name)
        with run.own() as owner:
            owner.update(state="finished", summary={"test_accuracy": 0.5, "validation_accuracy": 0.5})
            owner.write_report({"classes": [], "splits": {}})
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        env={**os.environ, "CNNLAB_RUNS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = done.stderr.splitlines()[-1].partition(" ")[2]
    assert not set(json.loads(heavy.replace("'", '"'))) - set(allowed), done.stderr


def test_importing_the_package_imports_nothing_heavy_and_no_screen() -> None:
    code = "import sys, engine; print(sorted({'torch', 'numpy', 'pydantic', 'click', 'tui'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def cnnlab(*arguments: str, runs: Path, **options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "engine.cli", *arguments],
        env={**os.environ, "CNNLAB_RUNS": str(runs), **options},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.slow
def test_a_study_is_read_back_by_another_process_with_the_same_numbers(tmp_path: Path) -> None:
    options = ["--classes", "0,1", "--image-size", "16", "--hidden-size", "4", "--epochs", "3", "--lr", "0.1"]
    done = cnnlab(
        "study", "pooling", *options, "--seeds", "3", "--seed", "5", "--json", "--device", "cpu", runs=tmp_path
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [run["study"]["label"] for run in document["runs"]] == ["stride", "max", "avg"] * 3
    assert [run["experiment"]["training"]["seed"] for run in document["runs"]] == [5, 5, 5, 6, 6, 6, 7, 7, 7]
    assert {run["state"] for run in document["runs"]} == {"finished"}
    again = json.loads(cnnlab("study", "show", "pooling", "--json", runs=tmp_path).stdout)
    assert again == document
    best = document["comparison"]["best"]["run"]
    exported = json.loads(cnnlab("export", "@best", "--json", runs=tmp_path).stdout)
    assert exported["run"] == best
    accuracy = next(run["summary"]["test_accuracy"] for run in document["runs"] if run["id"] == best)
    verified = json.loads(cnnlab("verify", "@best", "--json", runs=tmp_path).stdout)
    assert verified["agreement"] == 1.0
    assert verified["accuracy"] == accuracy
    table = cnnlab("study", "show", "pooling", runs=tmp_path)
    assert table.stdout.count("\n") > 6
    assert "\x1b" not in table.stdout


@pytest.mark.slow
def test_a_loss_that_is_not_finite_fails_with_step_and_lr_and_keeps_a_checkpoint(tmp_path: Path) -> None:
    done = cnnlab("train", "--classes", "0,1", "--epochs", "9", "--lr", "1e6", "--json", runs=tmp_path)
    assert done.returncode == 1
    run = json.loads(done.stdout)
    assert run["state"] == "failed"
    assert {"kind", "reason", "step", "lr", "last_good_epoch"} <= run["failure"].keys()
    assert run["failure"]["lr"] == 1e6
    assert run["error"]["exit"] == 1
    assert run["error"]["message"] == f"failed: {run['failure']['reason']}"
    assert (tmp_path / run["id"] / "last.safetensors").exists()
    assert "the loss is not finite" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_extending_equals_training_that_long_at_once(tmp_path: Path) -> None:
    options = [
        "--classes",
        "0,1",
        "--image-size",
        "16",
        "--hidden-size",
        "4",
        "--lr",
        "0.1",
        "--device",
        "cpu",
        "--json",
    ]
    long = json.loads(cnnlab("train", *options, "--epochs", "9", runs=tmp_path).stdout)
    short = json.loads(cnnlab("train", *options, "--epochs", "4", "--name", "short", runs=tmp_path).stdout)
    extended = json.loads(cnnlab("extend", short["id"], "--epochs", "9", "--json", runs=tmp_path).stdout)
    assert extended["extends"] == {"run": short["id"], "epoch": 4, "equal_to_one_run": True}
    store = RunStore(tmp_path)
    records = [
        [{k: v for k, v in record.items() if k != "seconds"} for record in store.get(run["id"]).history().records]
        for run in (long, extended)
    ]
    assert records[0] == records[1]
    keys = ("train_accuracy", "test_accuracy", "test_loss", "selected_epoch", "validation_loss")
    assert [long["summary"][key] for key in keys] == [extended["summary"][key] for key in keys]
    for epochs in ("4", "0", "x"):
        wrong = cnnlab("extend", short["id"], "--epochs", epochs, runs=tmp_path)
        assert wrong.returncode == 2
        assert len(wrong.stderr.splitlines()) == 1


@pytest.mark.slow
def test_extending_a_schedule_says_that_it_is_not_equal(tmp_path: Path) -> None:
    options = ["--classes", "0,1", "--image-size", "16", "--epochs", "2", "--schedule", "cosine"]
    assert cnnlab("train", *options, runs=tmp_path).returncode == 0
    done = cnnlab("extend", "@last", "--epochs", "4", runs=tmp_path)
    assert done.returncode == 0
    assert "does not equal one trained that long at once" in done.stderr


def images(root: Path) -> None:
    """Two classes of five flat pictures."""
    for name, shade in (("dark", 40), ("light", 200)):
        (root / name).mkdir(parents=True)
        for number in range(5):
            Image.new("RGB", (16, 16), (shade + number,) * 3).save(root / name / f"{number}.png")


@pytest.mark.slow
def test_data_that_were_moved_are_found_where_they_are_now(tmp_path: Path) -> None:
    images(tmp_path / "here")
    options = ["--image-size", "16", "--hidden-size", "2", "--epochs", "2", "--batch-size", "4", "--json"]
    place = ["--dataset", "folder", "--data-dir", str(tmp_path / "here")]
    first = json.loads(cnnlab("train", *place, *options, runs=tmp_path / "runs").stdout)
    (tmp_path / "here").rename(tmp_path / "there")
    gone = cnnlab("clone", first["id"], "--run", runs=tmp_path / "runs")
    assert gone.returncode == 3
    assert "here: there is no such folder" in gone.stderr
    moved = ["--data-dir", str(tmp_path / "there"), "--json"]
    for command in (["clone", first["id"], "--run"], ["extend", first["id"], "--epochs", "3"]):
        again = json.loads(cnnlab(*command, *moved, runs=tmp_path / "runs").stdout)
        assert again["state"] == "finished"
        assert again["request"]["data_dir"] == str(tmp_path / "there")
    store = RunStore(tmp_path / "runs")
    with store.get(first["id"]).own() as owner:
        owner.update(state="training")
    resumed = json.loads(cnnlab("resume", first["id"], *moved, runs=tmp_path / "runs").stdout)
    assert (resumed["state"], resumed["summary"]["test_accuracy"]) == ("finished", first["summary"]["test_accuracy"])


@pytest.mark.slow
def test_images_that_were_skipped_are_named_where_one_looks(tmp_path: Path) -> None:
    images(tmp_path / "here")
    (tmp_path / "here" / "dark" / "bad.png").write_text("x")
    place = ["--dataset", "folder", "--data-dir", str(tmp_path / "here"), "--set", "dataset.skip_broken=true"]
    options = ["--image-size", "16", "--hidden-size", "2", "--epochs", "1", "--batch-size", "4", "--seeds", "1"]
    done = cnnlab("study", "pooling", *place, *options, "--json", runs=tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    notice = f"skipped {tmp_path}/here/dark/bad.png: not an image"
    assert [run["notices"] for run in json.loads(done.stdout)["runs"]] == [[notice]] * 3
    assert done.stderr.count(notice) == 1
    assert notice in cnnlab("show", "@last", runs=tmp_path / "runs").stdout


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for _ in range(50):
        store.create({"dataset": {"classes": []}, "model": {}, "training": {}}, fingerprint="f", name="x" * 200)
    command = f"{sys.executable} -m engine.cli runs --json | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "CNNLAB_RUNS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 141)
    assert done.stderr == ""


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "latin-1"}]
)
def test_a_poor_locale_is_no_error(tmp_path: Path, locale: dict[str, str]) -> None:
    RunStore(tmp_path).create(
        {"dataset": {"classes": ["漢"]}, "model": {}, "training": {}}, fingerprint="f", name="é漢"
    )
    for arguments in (["runs"], ["runs", "--json"], ["--help"], ["train", "--epochs", "0"], ["show", "@last"]):
        done = cnnlab(*arguments, runs=tmp_path, TERM="dumb", **locale)
        assert done.returncode in (0, 2), done.stderr
        assert "Traceback" not in done.stderr
    assert "\\xe9" in cnnlab("runs", runs=tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0").stdout
    listed = json.loads(cnnlab("runs", "--json", runs=tmp_path, **locale).stdout)
    assert listed["runs"][0]["name"] == "é漢"


def completed(shell: str, line: str, runs: Path) -> list[str]:
    """What a shell would offer at the end of a line."""
    words = {
        "COMP_WORDS": line,
        "COMP_CWORD": line.rpartition(" ")[2] if shell == "fish" else str(len(line.split(" ")) - 1),
        "_CNNLAB_COMPLETE": f"{shell}_complete",
    }
    code = "from engine.cli.main import cnnlab; cnnlab(prog_name='cnnlab')"
    environment = {**os.environ, "CNNLAB_RUNS": str(runs), **words}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.replace(",", "\n", 1).split() if shell == "fish" else done.stdout.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_learn_to_complete_commands_and_runs(tmp_path: Path, shell: str) -> None:
    RunStore(tmp_path).create({"dataset": {"classes": []}, "model": {}, "training": {}}, fingerprint="f", name="thesis")
    assert "_CNNLAB_COMPLETE" in cnnlab("completion", shell, runs=tmp_path).stdout
    assert any("thesis" in word for word in completed(shell, "cnnlab show the", tmp_path))
    assert any("restore" in word for word in completed(shell, "cnnlab rest", tmp_path))


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("cnnlab train --pooling m", "plain,max"),
        ("cnnlab train --dataset cifar1", "plain,cifar100"),
        ("cnnlab train --dataset cifar100 --classes apple,aqu", "plain,apple,aquarium_fish"),
        ("cnnlab train --classes e", "plain,even"),
        ("cnnlab study po", "plain,pooling"),
        ("cnnlab restore the", "plain,thesis"),
    ],
)
def test_words_of_settings_and_classes_are_completed(tmp_path: Path, line: str, offered: str) -> None:
    store = RunStore(tmp_path)
    settings: dict[str, dict[str, list[str]]] = {"dataset": {"classes": []}, "model": {}, "training": {}}
    store.trash(store.create(settings, fingerprint="f", name="thesis"))
    assert offered in completed("bash", line, tmp_path)


@pytest.mark.parametrize(
    ("redirection", "code", "words"),
    [
        (">&-", 0, ""),
        ("2>&-", 0, ""),
        ("<&- >&- 2>&-", 0, ""),
        (">/dev/full", 5, "stdout: No space left on device"),
        ("--json >/dev/full", 5, "stdout: No space left on device"),
        ("--nonsense --json >/dev/full", 5, "stdout: No space left on device"),
    ],
)
def test_output_that_has_nowhere_to_go_is_a_line_at_most(
    tmp_path: Path, redirection: str, code: int, words: str
) -> None:
    command = f"{sys.executable} -m engine.cli data list {redirection}"
    environment = {**os.environ, "CNNLAB_RUNS": str(tmp_path)}
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", ["summary", "data list", "show f001", "report f001", "runs", "--help"])
def test_a_reader_that_leaves_is_nobodys_failure(arguments: str) -> None:
    fixture = Path(__file__).parents[1] / "fixtures/runs"
    reader, writer = os.pipe()
    os.close(reader)
    words = [word.replace("f001", "20260101-120000-f001") for word in arguments.split()]
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", *words],
        env={**os.environ, "CNNLAB_RUNS": str(fixture)},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["/dev/full", "a closed pipe"])
def test_what_cannot_be_told_on_stderr_stops_no_training(tmp_path: Path, place: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    if place == "/dev/full":
        os.close(writer)
        writer = os.open(place, os.O_WRONLY)
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", "train", *TINY, "--epochs", "2", "--runs", str(tmp_path / "runs")],
        stdout=subprocess.PIPE,
        stderr=writer,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, ": finished after" in done.stdout) == (0, True)


def test_a_working_folder_that_is_gone_is_a_line(tmp_path: Path) -> None:
    command = f"mkdir gone; cd gone; rmdir ../gone; {sys.executable} -m engine.cli train --runs here"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
