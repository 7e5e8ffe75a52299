"""A run.json of a newer format with fields of other types is one row on the screens, and ends none of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.store import RunStore
from tests.screens.stage import act, make, screen_text, until
from tui.app import LabApp

STRANGE: list[dict[str, Any]] = [
    {"summary": [1], "study": 5, "request": "x", "environment": [], "tags": 3, "failure": 1, "images": "x"},
    {"experiment": "x", "state": ["a"], "name": {}, "created": 5, "note": [], "notices": 5, "waiting": {}},
    {"experiment": {"dataset": 5, "model": [], "training": "x", "more": 3}},
    {"experiment": {"dataset": {"classes": 5, "name": []}, "model": {"layers": 5}, "training": {"epochs": "x"}}},
    {"study": {"id": [], "seeds": 5, "position": "x", "label": {}}, "summary": {"test_accuracy": "x", "images": 5}},
    {"summary": {"test_accuracy": 7, "seconds": 1e308, "epochs_done": -5, "images": {"test": []}}},
]


@pytest.mark.slow
def test_every_screen_shows_newer_runs_whatever_their_fields_are(store: RunStore) -> None:
    good = make(store, "good")
    for strange in STRANGE:
        run = make(store, "strange")
        (run.path / "run.json").write_text(json.dumps({**run.document, "state": "finished", **strange, "format": 2}))

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: good.name in screen_text(app))
        for _ in STRANGE:
            await pilot.press("space")
            for key in ("3", "4", "5", "1", "enter"):
                await pilot.press(key)
                await pilot.pause()
            await pilot.press("escape", "1", "j")
        await until(pilot, lambda: good.name in screen_text(app))

    act(store, story, (160, 40))
