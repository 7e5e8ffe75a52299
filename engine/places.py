"""Where runs are looked for when nobody says where."""

from __future__ import annotations

import os
from pathlib import Path


def places_options(runs_dir: Path, data_dir: Path | None) -> list[str]:
    """The options that lead another command to the same folders; none for those that it finds by itself."""
    named = os.environ.get("CNNLAB_RUNS")
    usual = Path(named) if named else default_runs_dir()
    options = [] if runs_dir.absolute() == usual.absolute() else ["--runs", str(runs_dir.absolute())]
    return options if data_dir is None else [*options, "--data-dir", str(data_dir.absolute())]


def default_runs_dir() -> Path:
    """`./runs` where it exists, else the user's data folder."""
    here = Path("runs")
    if here.is_dir():
        return here
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return home / "cnnlab" / "runs"
