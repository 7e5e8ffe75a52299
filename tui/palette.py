"""What the palette offers: every key of the screen by its name, and the themes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.app import App, SystemCommand
from textual.command import CommandPalette
from textual.screen import Screen

from tui.keys import key_name
from tui.sizes import FollowsTerminal
from tui.theme import THEMES


class Palette(CommandPalette, FollowsTerminal):
    """Everything by name, to be searched."""


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
    for theme in THEMES:
        yield SystemCommand(f"Theme {theme.name.removeprefix('cnnlab-')}", "Colours", partial(_use, app, theme.name))


def _use(app: App[None], theme: str) -> None:
    app.theme = theme
