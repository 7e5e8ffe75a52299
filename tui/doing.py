"""What is done in threads and told in one line: the status, acts, and taking them back."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from textual import on, work
from textual.app import App
from textual.reactive import reactive

from engine.errors import LabError
from engine.layout import text_width
from tui.acts import Done
from tui.messages import Told
from tui.widgets.status import Status


class DoesActs(App[None]):
    """Acts in threads, so that no screen waits for a disk."""

    status: reactive[Status] = reactive(Status(), repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._undo: list[Callable[[], str]] = []

    def has_acted(self) -> None:
        """Called in the thread when an act has ended, whichever way."""

    @on(Told)
    def take_news(self, message: Told) -> None:
        self.tell(message.text, is_error=message.is_error, details=message.details, copies=message.copies)

    def tell(self, text: str, *, is_error: bool = False, details: str = "", copies: str = "") -> None:
        """One line above the keys, until the next key."""
        too_long = text_width(text) > self.size.width - (17 if copies else 4)
        self.status = Status(text, is_error, details or (text if too_long else ""), copies)

    def act(self, what: Callable[[], Done | str | None], doing: str = "") -> None:
        """Do something in a thread, and say how it ended.

        Args:
            what: touches no widget; its `Done` or text is told, a LabError as an error.
            doing: said meanwhile.
        """
        if doing:
            self.tell(doing)
        self._act(what)

    @work(thread=True)
    def _act(self, what: Callable[[], Done | str | None]) -> None:
        try:
            done = what()
        except LabError as error:
            done = Done(error.message, is_error=True)
        except Exception as error:  # noqa: BLE001 - a thread that fails must say so, whatever it is
            done = Done(f"this should not happen: {error}", is_error=True, details=traceback.format_exc())
        done = Done(done) if isinstance(done, str) else done
        if done is not None:
            if done.undo:
                self._undo.append(done.undo)
            self.post_message(Told(done.text, is_error=done.is_error, details=done.details, copies=done.copies))
        self.has_acted()

    def undo(self) -> None:
        """Take the last act back that can be; one whose undoing fails can be tried again."""
        if not self._undo:
            self.tell("there is nothing to undo")
            return
        undo = self._undo.pop()

        def take_back() -> str:
            try:
                return undo()
            except BaseException:
                self._undo.append(undo)
                raise

        self.act(take_back)
