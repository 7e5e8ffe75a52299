"""The screens by their modes. Each is imported when it is first shown: the first paint waits for one only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.screen import Screen

    from tui.screens.base import LabScreen

_HOMES = {
    "runs": ("tui.screens.runs", "RunsScreen"),
    "new": ("tui.screens.new", "NewScreen"),
    "curves": ("tui.screens.curves", "CurvesScreen"),
    "compare": ("tui.screens.compare", "CompareScreen"),
    "report": ("tui.screens.report", "ReportScreen"),
}


def screen_class(mode: str) -> type[LabScreen]:
    """The screen of a mode."""
    module, name = _HOMES[mode]
    found: type[LabScreen] = getattr(import_module(module), name)
    return found


def _open(mode: str) -> LabScreen:
    return screen_class(mode)()


MODES: dict[str, str | Callable[[], Screen[Any]]] = {mode: partial(_open, mode) for mode in _HOMES}
