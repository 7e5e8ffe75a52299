"""What a screen may ask of the app it is on."""

from __future__ import annotations

from typing import Any, Protocol

from engine.store import Run, RunStore
from tui.selection import Selection


class Laboratory(Protocol):
    """The app, as its screens see it."""

    store: RunStore
    selection: Selection
    has_read: bool

    @property
    def runs(self) -> tuple[Run, ...]: ...
    @property
    def run_under_cursor(self) -> Run | None: ...
    def run_of(self, run_id: str | None) -> Run | None: ...
    def move_cursor(self, by: int) -> None: ...
    def action_show(self, mode: str) -> None: ...
    def ask(self, run: Run, kind: str) -> Any: ...
    def start_first_study(self) -> Any: ...
