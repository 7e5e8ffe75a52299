"""Where one was: screen, cursor, marks, reference, filter and order, kept between starts for each folder of runs.

The theme is kept for all folders alike: it fits a terminal, not runs.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any

from engine.documents import encode_document
from engine.errors import LabError
from engine.store.files import load_document, replace_file
from tui.selection import Selection

_MAX_BYTES = 1 << 20


class Session:
    """The file of one folder of runs, below `$XDG_STATE_HOME/cnnlab`. What cannot be read or written is left out.

    Args:
        runs: the folder of runs.
    """

    def __init__(self, runs: Path) -> None:
        state = os.environ.get("XDG_STATE_HOME")
        home = Path(state) if state else Path.home() / ".local" / "state"
        path = os.fsencode(runs.absolute())
        name = f"{zlib.crc32(path):08x}{zlib.adler32(path):08x}"  # `hashlib` would make the first paint wait for it
        self._path = home / "cnnlab" / f"{name}.json"
        self._taste = home / "cnnlab" / "taste.json"

    def load(self) -> tuple[str, Selection]:
        """The screen, and what was selected; empty where nothing is known."""
        document = load_document(self._path, max_bytes=_MAX_BYTES) or {}
        marks = document.get("marks")
        texts = {key: _text(document.get(key)) for key in ("cursor", "reference", "filter", "sort", "mode")}
        selection = Selection(
            cursor=texts["cursor"] or None,
            marks=dict.fromkeys(mark for mark in marks if isinstance(mark, str)) if isinstance(marks, list) else {},
            reference=texts["reference"] or None,
            filter=texts["filter"],
            sort=texts["sort"],
            bell=document.get("bell") is True,
        )
        return texts["mode"], selection

    def save(self, mode: str, selection: Selection) -> str | None:
        """Keep it; why not, where that fails: nobody is kept from leaving by it."""
        document = {
            "mode": mode,
            "cursor": selection.cursor,
            "marks": list(selection.marks),
            "reference": selection.reference,
            "filter": selection.filter,
            "sort": selection.sort,
            "bell": selection.bell,
        }
        return _keep(self._path, document)

    def load_theme(self) -> str:
        """The theme that was chosen last; empty where none was."""
        return _text((load_document(self._taste, max_bytes=_MAX_BYTES) or {}).get("theme"))

    def save_theme(self, theme: str) -> str | None:
        """Keep it from the moment it is chosen; why not, where that fails."""
        return _keep(self._taste, {"theme": theme})


def _keep(path: Path, document: dict[str, Any]) -> str | None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, encode_document(document), sync=False)
    except (OSError, LabError) as error:
        return str(error)
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
