"""Files that a screen writes for its user: into the working folder, never over one that is there."""

from __future__ import annotations

import re
from pathlib import Path

from engine.errors import RefusedError
from engine.store.files import explained
from engine.text import clean

_UNSAFE = re.compile(r"[^\w.+-]+")
_MOST = 1000


def save_text(name: str, text: str) -> Path:
    """Write a text file beside others of its kind: `report-test.csv`, then `report-test-2.csv`.

    Args:
        name: with its ending; what a file name should not have is replaced.

    Returns:
        The file that was made.

    Raises:
        RefusedError, StorageFullError: if it cannot be written.
    """
    stem, _, ending = _UNSAFE.sub("-", name).strip("-.").rpartition(".")
    for number in range(1, _MOST):
        path = Path(f"{stem[:100] or 'cnnlab'}{f'-{number}' if number > 1 else ''}.{ending}").absolute()
        with explained(path):
            try:
                with path.open("x", encoding="utf-8") as file:
                    file.write(text)
            except FileExistsError:
                continue
        return path
    raise RefusedError(f"{clean(name)}: there are {_MOST} such files in {clean(Path.cwd())}; remove some")
