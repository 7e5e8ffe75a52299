"""Starting the app: its options, and what is refused before a screen is drawn."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from textual.pilot import Pilot

import tui.options
from engine.store import Run, RunStore
from tests.screens.stage import act, until
from tools.pseudo_terminal import PseudoTerminal, cnnlab_tui
from tui.app import LabApp
from tui.command import plain_folders


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--runs", "a"],
        ["--runs=a b", "--data-dir", "c"],
        ["--data-dir=", "--runs", "--runs"],
        ["--runs", "a", "--runs", "b"],
    ],
)
@pytest.mark.parametrize("environment", [{}, {"CNNLAB_RUNS": "r", "CNNLAB_DATA": "d"}, {"CNNLAB_RUNS": ""}])
def test_plain_options_are_what_click_makes_of_them(
    arguments: list[str], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[Any] = []
    monkeypatch.setattr(tui.options, "run_app", lambda runs, data: called.append((runs, data)))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(tui.options.cnnlab_tui, arguments)
    assert result.exit_code == 0, result.output
    assert plain_folders(arguments) == called[0]


@pytest.mark.parametrize("words", ["--help", "-h", "--version", "--runs", "--run a", "a", "--runs a b"])
def test_click_speaks_of_everything_else(words: str) -> None:
    assert plain_folders(words.split()) is None


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        cnnlab_tui(*arguments),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


def test_without_a_terminal_it_says_so() -> None:
    done = start()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cnnlab-tui: needs a terminal; without one: cnnlab --help\n"


def test_help_and_mistakes() -> None:
    assert start("--help").stdout.startswith("Usage: cnnlab-tui [OPTIONS]")
    done = start("--rums", "x")
    assert done.returncode == 2
    assert "--runs" in done.stderr


def test_a_terminal_that_cannot_be_drawn_on_is_refused() -> None:
    with PseudoTerminal(cnnlab_tui(), environment={"TERM": "dumb"}) as terminal:
        assert terminal.wait() == 2
        assert "needs a terminal" in terminal.text


def test_a_file_is_no_folder_of_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with PseudoTerminal(cnnlab_tui("--runs", "file"), cwd=tmp_path) as terminal:
        assert terminal.wait() == 2
        assert "cnnlab-tui: file is not a folder; give one with --runs" in terminal.text


def test_start_up_imports_neither_the_settings_models_nor_numbers() -> None:
    code = (
        "import sys, tui.command, tui.app, tui.screens.runs\n"
        "print(sorted({'click', 'pydantic', 'numpy', 'scipy', 'plotext', 'torch', 'psutil'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_garbage_is_collected_again_when_the_folder_is_read(store: RunStore, three: list[Run]) -> None:
    gc.disable()

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: app.seen.is_whole)
        assert gc.isenabled()

    try:
        act(store, story)
    finally:
        gc.unfreeze()
        gc.enable()
