"""Where runs are looked for when nobody says where."""

from __future__ import annotations

import os
from pathlib import Path


def default_runs_dir() -> Path:
    """`./runs` where it exists, else the user's data folder."""
    here = Path("runs")
    if here.is_dir():
        return here
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return home / "cnnlab" / "runs"
