"""Screens as text, held against golden files: a change of a screen is a diff that one can read.

`pytest tests/screens/test_pictures.py --update` writes them anew. Colours and styles are not in them.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.screens.stage import screen_text, until
from tui.app import LabApp

FOLDER = Path(__file__).parents[1] / "golden" / "screens"
NOW = 1_795_000_000.0  # 2026-11-18
_STEADY = 60  # looks that find the same screen, before it is taken for a golden one


def pin(patch: pytest.MonkeyPatch) -> None:
    """The same clock, ids and machine wherever the tests run."""
    patch.setattr("time.time", lambda: NOW)
    patch.setattr("engine.store.ids.random_below", lambda limit: 1)
    patch.setattr("tui.corner._memory_bytes", lambda: 24 << 30)
    for place in ("tui.corner", "engine.machine", "engine.worker.start"):
        patch.setattr(f"{place}.usable_cores", lambda: 2, raising=False)
    patch.setattr("engine.machine.has_nvidia_gpu", lambda: False)


async def compare_picture(app: LabApp, pilot: Pilot[None], name: str, *, update: bool) -> None:
    """Wait until the screen is as the golden file has it; with `update`, until it is steady, and write that."""
    path = FOLDER / f"{name}.txt"
    if update:
        path.write_text(await _steady(app, pilot))
        return
    golden = path.read_text()
    try:
        await until(pilot, lambda: _picture(app) == golden)
    except AssertionError:
        lines = difflib.unified_diff(golden.splitlines(), _picture(app).splitlines(), "golden", "now", lineterm="")
        raise AssertionError("\n".join([f"{path.name}: if this is meant, --update", *lines])) from None


def _picture(app: LabApp) -> str:
    return "".join(f"{line.rstrip()}\n" for line in screen_text(app).splitlines())


async def _steady(app: LabApp, pilot: Pilot[Any]) -> str:
    shown, since = _picture(app), 0
    while since < _STEADY:
        await pilot.pause(0.05)
        before, shown = shown, _picture(app)
        since = since + 1 if shown == before else 0
    return shown
