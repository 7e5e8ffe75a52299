"""What the palette offers: every key of the screen by its name, the themes, another folder of runs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App, SystemCommand
from textual.command import CommandPalette, Hit, Hits, Provider
from textual.screen import Screen
from textual.system_commands import SystemCommandsProvider

from engine.errors import RequestError
from engine.text import clean
from tui.keys import key_name
from tui.other_folder import folder_of_runs
from tui.screens.ask import Prompt
from tui.sizes import FollowsTerminal
from tui.theme import THEMES

_FOLDER = "Open folder of runs"
_OPENED = "Another one, with its own marks, filter and order: runs FOLDER"


class TypedFolder(Provider):
    """`runs FOLDER`, typed out."""

    async def search(self, query: str) -> Hits:
        word, _, folder = query.partition(" ")
        if word.casefold() == "runs" and folder.strip():
            yield Hit(1.0, clean(query), partial(_open_folder, self.app, folder.strip()), help=_OPENED)


class Palette(CommandPalette, FollowsTerminal):
    """Everything by name, to be searched."""

    def __init__(self) -> None:
        super().__init__([SystemCommandsProvider, TypedFolder])


async def ask_for_folder(app: App[None], typed: str, present: Path) -> Path | None:
    """Another folder of runs; None where somebody thinks better of it, or it is the present one.

    Args:
        typed: taken as the answer, if any.
        present: the folder that is shown now.
    """
    label, answer = "Folder of runs", typed or None
    while True:
        if answer is None:
            answer = await app.push_screen_wait(Prompt(label, typed or str(present.absolute()), keep="open it"))
        if answer is None:
            return None
        try:
            folder = folder_of_runs(answer)
        except RequestError as error:
            label, typed, answer = error.message, answer, None
            continue
        return None if folder == present.absolute() else folder


def commands(app: App[None], screen: Screen[Any]) -> Iterator[SystemCommand]:
    """One for each binding in force, then one for each theme."""
    seen: set[str] = set()
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.description and binding.action not in seen and "palette" not in binding.action:
            seen.add(binding.action)
            words = f"{key_name(binding)}: {binding.tooltip or binding.description}"
            run = partial(app.run_action, binding.action, active.node)
            yield SystemCommand(binding.description, words, run)
    yield SystemCommand(
        "Bell", "The terminal rings when a run ends; again: it does not", partial(app.run_action, "toggle_bell")
    )
    yield SystemCommand(_FOLDER, _OPENED, partial(_open_folder, app))
    for theme in THEMES:
        use = partial(app.run_action, f"use_theme({theme.name!r})")
        name = theme.name.removeprefix("cnnlab-").replace("contrast", "high contrast")
        yield SystemCommand(f"Theme {name}", "Colours, from now on", use)


async def _open_folder(app: App[Any], *typed: str) -> None:
    await app.run_action(("app", "open_folder", typed))  # not as text: what was typed is never read as an action
