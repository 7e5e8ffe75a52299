"""What may not be read or written: a line, exit code 4, nothing half done. Root gives its privileges up for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.store import Run

# Root may do everything, unless it gives that up.
_PLAIN = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
Call = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = pytest.mark.skipif(bool(_PLAIN) and shutil.which("setpriv") is None, reason="root, and no setpriv")


@pytest.fixture
def read_only(trained: Run) -> Iterator[Run]:
    """A finished run in folders that nobody may write."""
    folders = [trained.path, trained.path.parent]
    for folder in folders:
        folder.chmod(0o500)
    for file in trained.path.iterdir():
        file.chmod(0o400)
    yield trained
    for folder in folders:
        folder.chmod(0o700)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder that may not even be looked into."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    yield folder
    folder.chmod(0o700)


def cnnlab(*arguments: str, runs: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_PLAIN, sys.executable, "-m", "engine.cli", *arguments],
        env={**os.environ, "CNNLAB_RUNS": str(runs)},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    "command",
    ["train", "study pooling", "edit RUN --note x", "rm RUN", "export RUN", "extend RUN --epochs 9", "worker --idle 1",
     "prune --trash --checkpoints --yes", "clone RUN --run"],
)  # fmt: skip
def test_a_read_only_folder_is_refused_before_any_work(read_only: Run, command: str) -> None:
    words = [read_only.id if word == "RUN" else word for word in command.split()]
    done = cnnlab(*words, runs=read_only.path.parent)
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["runs", "show RUN", "report RUN", "clone RUN", "queue"])
def test_a_read_only_folder_can_be_looked_into(read_only: Run, command: str) -> None:
    words = [read_only.id if word == "RUN" else word for word in command.split()]
    assert cnnlab(*words, runs=read_only.path.parent).returncode == 0


def test_an_export_elsewhere_needs_no_writable_run(read_only: Run, tmp_path: Path) -> None:
    done = cnnlab("export", read_only.id, "-o", str(tmp_path / "model.onnx"), runs=read_only.path.parent)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model.onnx").is_file()


@pytest.mark.parametrize(
    ("command", "code"),
    [("runs --runs {}", 4), ("runs --runs {}/x", 4), ("train --runs {}/x", 4), ("data show cifar100 --data-dir {}", 4),
     ("data fetch cifar100 --data-dir {}", 4), ("train --config {}/x.toml", 2)],
)  # fmt: skip
def test_a_closed_folder_is_a_line(closed: Path, tmp_path: Path, command: str, code: int) -> None:
    done = cnnlab(*command.format(closed).split(), runs=tmp_path / "none")
    assert done.returncode == code, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_doctor_says_of_a_closed_folder_what_it_says_of_everything(closed: Path) -> None:
    done = cnnlab("doctor", "--data-dir", str(closed / "x"), runs=closed)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("NO")] == ["runs", "data"]
    assert done.stderr == ""
