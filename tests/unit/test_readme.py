"""What README says runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.main import COMMANDS
from tools.keys import with_keys

PAGE = (Path(__file__).parents[2] / "README.md").read_text()


@pytest.mark.slow
def test_the_lines_of_python_run(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "compares two models, not two tactics" in done.stdout
    assert done.stdout.rstrip().endswith("1.0")


def test_the_commands_are_there() -> None:
    for command in set(re.findall(r"cnnlab ([a-z]+)", PAGE)) - {"tui"}:
        assert command in COMMANDS, command


def test_the_table_of_keys_is_the_bindings() -> None:
    assert "| `q` `ctrl+q` |" in PAGE
    assert with_keys(PAGE) == PAGE
