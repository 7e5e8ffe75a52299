"""Another folder of runs, from the palette."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import CommandList, CommandPalette
from textual.pilot import Pilot

from engine.errors import RequestError
from engine.store import Run, RunStore
from tests.screens.stage import act, screen_text, until
from tui.app import LabApp
from tui.other_folder import folder_of_runs


async def choose(app: LabApp, pilot: Pilot[None], words: str) -> None:
    """Type into the palette, and take the one thing that is found."""
    await pilot.press("colon")
    await until(pilot, lambda: isinstance(app.screen, CommandPalette))
    await pilot.press(*words)
    found = app.screen.query_one(CommandList)
    await until(pilot, lambda: found.option_count == 1 and found.highlighted == 0)
    await pilot.press("enter")


def test_runs_and_a_folder_typed_into_the_palette_leave_for_it(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await choose(app, pilot, "runs ~/[b]'x\"")
        await until(pilot, lambda: not app.is_running)

    assert act(store, story).next_folder == Path.home() / "[b]'x\""


def test_a_folder_is_asked_for_until_it_can_be_one(store: RunStore, three: list[Run], tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await choose(app, pilot, "open folder")
        await until(pilot, lambda: "Folder of runs" in screen_text(app))
        assert str(store.root)[-20:] in screen_text(app)
        await pilot.press("ctrl+u", *str(tmp_path / "notes" / "x"), "enter")
        await until(pilot, lambda: "is not a folder" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Folder of runs" not in screen_text(app))
        assert app.next_folder is None
        await pilot.press("j")
        assert app.selection.cursor == three[1].id
        await choose(app, pilot, "open folder")
        await until(pilot, lambda: "Folder of runs" in screen_text(app))
        await pilot.press("ctrl+u", *str(tmp_path / "new"), "enter")
        await until(pilot, lambda: not app.is_running)

    assert act(store, story, (120, 36)).next_folder == tmp_path / "new"
    assert not (tmp_path / "new").exists()


def test_what_is_no_folder_of_runs_is_said(store: RunStore, three: list[Run], tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    for typed, words in (
        (" ", "name a folder of runs"),
        (str(tmp_path / "notes"), "is not a folder"),
        (str(tmp_path / "gone"), "is not a folder"),
        (str(three[0].path), f"is one run; its folder of runs is {store.root}"),
    ):
        with pytest.raises(RequestError, match=words):
            folder_of_runs(typed)
    assert folder_of_runs(f"{store.root}/../runs/") == store.root
