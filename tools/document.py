"""`make docs`: runs the commands that README shows, and puts what they print where it shows it.

A block that follows a comment `<!-- $ cnnlab … -->` is replaced by the command and its output; one that follows
`<!-- $! cnnlab … -->` by what a command that must fail says. All commands share one fresh folder of runs, in the order
of the page. The table of keys comes from the bindings.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.keys import with_keys

README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"<!-- \$(?P<fails>!?) (?P<command>.+?) -->\n```text\n.*?```\n", re.DOTALL)
_WIDTH = "112"


def document(page: str, run: str) -> str:
    """The page with every block made anew in the folder of runs `run`."""
    environment = {**os.environ, "CNNLAB_RUNS": run, "COLUMNS": _WIDTH, "NO_COLOR": "1"}

    def execute(match: re.Match[str]) -> str:
        command = match["command"]
        words = [sys.executable, "-m", "engine.cli", *shlex.split(command)[1:]]
        spoken = subprocess.PIPE if match["fails"] else None  # else progress is for whoever makes the page
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, stderr=spoken, text=True, check=False)
        if bool(match["fails"]) != bool(done.returncode):
            raise RuntimeError(f"{command}: exit code {done.returncode}")
        output = (done.stderr if match["fails"] else done.stdout).replace(f"{run}/", "runs/").rstrip()
        return f"<!-- ${match['fails']} {command} -->\n```text\n$ {command}\n{output}\n```\n"

    return _BLOCK.sub(execute, page)


def main() -> None:
    """Rewrite README.md."""
    with tempfile.TemporaryDirectory() as folder:
        README.write_text(document(with_keys(README.read_text()), f"{folder}/runs"))


if __name__ == "__main__":
    main()
