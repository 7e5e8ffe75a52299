"""The field of a filter above a list: arrows move in the list, space ticks its row, all else is typed."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FindField(Input):
    """What is typed narrows a list as it is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False, tooltip="The row below"),
        Binding("up", "move(-1)", "Up", show=False, tooltip="The row above"),
    ]

    class Moved(Message):
        """The cursor of the list shall go by so many rows."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    class Ticked(Message):
        """The row under the list's cursor shall be ticked."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "space":
            event.stop()
            event.prevent_default()
            self.post_message(self.Ticked())
        else:
            await super()._on_key(event)

    def action_move(self, by: int) -> None:
        self.post_message(self.Moved(by))
