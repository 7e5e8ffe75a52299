"""`make docs`: runs the commands that README shows, and puts what they print where it shows it.

A block that follows a comment `<!-- $ cnnlab … -->` is replaced by the command and its output. All commands share one
fresh folder of runs, in the order of the page.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"<!-- \$ (?P<command>.+?) -->\n```text\n.*?```\n", re.DOTALL)
_WIDTH = "112"


def document(page: str, run: str) -> str:
    """The page with every block made anew in the folder of runs `run`."""
    environment = {**os.environ, "CNNLAB_RUNS": run, "COLUMNS": _WIDTH, "NO_COLOR": "1"}

    def execute(match: re.Match[str]) -> str:
        command = match["command"]
        words = [sys.executable, "-m", "engine.cli", *shlex.split(command)[1:]]
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        output = done.stdout.replace(f"{run}/", "runs/").rstrip()
        return f"<!-- $ {command} -->\n```text\n$ {command}\n{output}\n```\n"

    return _BLOCK.sub(execute, page)


def main() -> None:
    """Rewrite README.md."""
    with tempfile.TemporaryDirectory() as folder:
        README.write_text(document(README.read_text(), f"{folder}/runs"))


if __name__ == "__main__":
    main()
