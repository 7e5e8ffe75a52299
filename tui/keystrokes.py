"""Keys, one after the other: over a slow line they arrive together, and each may change what the next one is for."""

from __future__ import annotations

import asyncio
import contextlib
import time

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.widget import Widget

from tui.keyboard import is_line, latin, takes_text
from tui.screens.base import LabScreen

_LOOK_SECONDS = 0.01
_SETTLE_SECONDS = 10.0  # of a machine that is busy; only a key whose act waits for another key takes so long


class TakesKeys(App[None]):
    """Does what a key is bound to before the next one is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self._last_key = float("-inf")

    @property
    def quiet_seconds(self) -> float:
        """Seconds since the last key."""
        return time.monotonic() - self._last_key

    async def takes_key(self, event: events.Key) -> bool:
        """Whether the app took a key before anybody else: none by itself."""
        return False

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            if not self.screen_stack:
                return  # the app is being left; what was typed behind the key that leaves is for nobody
            if not takes_text(self.focused):
                event = latin(event)
            self._last_key = time.monotonic()
            if not await self.takes_key(event):
                await self._press(event)
            return
        await super().on_event(event)

    async def _press(self, event: events.Key) -> None:
        focused = self.focused
        typed = takes_text(focused) and (event.is_printable or not is_line(focused))
        if not typed and isinstance(self.screen, LabScreen) and self.screen.takes_key(event):
            return
        bound = not typed and (await self._check_bindings(event.key, True) or await self._check_bindings(event.key))
        if not bound:
            await super().on_event(event)
        if focused is not None and (not bound or takes_text(focused)):
            await self._settle(focused)

    async def _settle(self, focused: Widget) -> None:
        """Wait until a key that was handed on has been taken, and the messages that it led to."""
        end = time.monotonic() + _SETTLE_SECONDS
        # Twice for the first: what a field says of a key stands in its own queue, behind the first question.
        for node in (focused, *focused.ancestors_with_self):
            if node is self or not _is_there(node):
                return
            taken = asyncio.Event()
            node.call_later(taken.set)
            while not taken.is_set() and _is_there(node) and time.monotonic() < end:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(taken.wait(), _LOOK_SECONDS)


def _is_there(node: DOMNode) -> bool:
    """Whether it still takes messages: a prompt that was answered does not."""
    return node.is_attached and node.is_running
