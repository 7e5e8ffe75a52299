"""`cnnlab-tui`: starts the app, where there is a terminal for it."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from engine.errors import LabError, RequestError
from engine.text import clean

_FOLDERS = {"--runs": "CNNLAB_RUNS", "--data-dir": "CNNLAB_DATA"}


def main() -> None:
    """Run `cnnlab-tui` and leave with its exit code."""
    try:
        folders = plain_folders(sys.argv[1:])
        if folders is None:
            from tui.options import cnnlab_tui

            cnnlab_tui(prog_name="cnnlab-tui")
        else:
            run_app(*folders)
    except LabError as error:
        print(f"cnnlab-tui: {error.message}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)


def plain_folders(arguments: Sequence[str]) -> tuple[Path | None, Path | None] | None:
    """The folders of runs and of data that the options name, as click would; None where click has something to say.

    The app starts a tenth of its time sooner without click, which help, completion and mistakes need.
    """
    found = {option: os.environ.get(variable) or None for option, variable in _FOLDERS.items()}
    left = list(arguments)
    while left:
        option, equals, value = left.pop(0).partition("=")
        if option not in found or not (equals or left):
            return None
        found[option] = value if equals else left.pop(0)
    if any(variable.startswith("_CNNLAB_TUI") for variable in os.environ):
        return None  # the shell asks for completion
    runs, data = (Path(value) if value is not None else None for value in found.values())
    return runs, data


def run_app(runs_dir: Path | None, data_dir: Path | None) -> None:
    """The app, until somebody leaves it.

    Raises:
        RequestError: without a terminal that can be drawn on, and for a folder of runs that is none.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        raise RequestError("needs a terminal; without one: cnnlab --help")
    gc.disable()  # starting makes no garbage worth looking for; the app switches it on again
    from engine.places import default_runs_dir
    from engine.store import RunStore

    root = default_runs_dir() if runs_dir is None else runs_dir
    if root.exists() and not root.is_dir():
        raise RequestError(f"{clean(root)} is not a folder; give one with --runs", field="runs")
    from tui.app import LabApp
    from tui.farewell import farewell
    from tui.terminal import when_gone

    app = LabApp(RunStore(root), data_dir)
    when_gone(app.hang_up)
    app.run()
    if line := farewell(app.runs, root, data_dir):
        print(line)  # noqa: T201
    if app.next_folder is not None:
        _start_again(app.next_folder, data_dir)


def _start_again(runs_dir: Path, data_dir: Path | None) -> NoReturn:
    """On another folder, in this terminal: a new process, so that nothing of ten thousand runs stays behind."""
    from tui.other_folder import command_again

    options = ["--runs", str(runs_dir), *(["--data-dir", str(data_dir)] if data_dir is not None else [])]
    command = command_again(options)
    sys.stdout.flush()
    os.execv(command[0], command)
