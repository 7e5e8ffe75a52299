"""Small screens over the others: a question, a value to type, lines to read."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from engine.text import clean
from tui.sizes import FollowsTerminal
from tui.widgets.key_line import KeyLine
from tui.widgets.lines import Lines

T = TypeVar("T")


class _Panel(ModalScreen[T], FollowsTerminal):
    """A panel in the middle; the screen below stays to be seen."""

    DEFAULT_CSS = """
    _Panel { align: center middle; background: $background 60%; }
    _Panel > Vertical {
        width: 90%; max-width: 100; height: auto; max-height: 90%; padding: 1 2; background: $panel; color: $foreground;
    }
    _Panel .title { text-style: bold; height: auto; }
    """

    def close(self, result: T) -> None:
        """Leave with this, once: a key that was typed twice finds it gone."""
        if self.is_current:
            self.dismiss(result)


class Confirm(_Panel[bool]):
    """A question whose default is No."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", tooltip="Do it"),
        Binding("n,N,escape,enter,backspace,q", "answer(False)", "No", key_display="n", tooltip="Leave it"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(clean(self._question)), classes="title")
            yield KeyLine(("y", "y", "yes"), ("n", "n", "no, as enter and esc"))

    def action_answer(self, answer: bool) -> None:
        self.close(answer)


class Prompt(_Panel[str | None]):
    """One value to type; None where it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", tooltip="Leave it as it was"),
    ]

    def __init__(self, label: str, value: str = "", *, keep: str = "keep") -> None:
        super().__init__()
        self._label, self._value, self._keep = label, value, keep

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(clean(self._label)), classes="title")
            yield Input(clean(self._value), compact=True)
            yield KeyLine(("enter", "enter", self._keep), ("escape", "esc", "leave as it was"))

    @on(Input.Submitted)
    def take(self, message: Input.Submitted) -> None:
        self.close(message.value)

    def action_leave(self) -> None:
        self.close(None)


class Details(_Panel[None]):
    """Lines to read, which scroll."""

    DEFAULT_CSS = "Details > Vertical > Lines { height: auto; max-height: 100%; background: $panel; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,backspace,d", "leave", "Back", key_display="esc", tooltip="Back"),
        Binding("y", "copy", "Copy", tooltip="Copy these lines"),
    ]

    def __init__(self, title: str, lines: Sequence[str], *, hang: int = 2) -> None:
        super().__init__()
        self._title, self._lines, self._hang = title, [clean(line) for line in lines], hang

    def _wrapped(self, width: int) -> list[str]:
        """The lines; what does not fit goes on below, indented."""
        wrap = partial(textwrap.wrap, width=max(20, width), subsequent_indent=" " * self._hang, drop_whitespace=True)
        return [part for line in self._lines for part in (wrap(line) if len(line) > width else [line])]

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(clean(self._title)), classes="title")
            yield Lines()
            yield KeyLine(("", "j k", "move"), ("y", "y", "copy"), ("escape", "esc", "back"))

    def on_mount(self) -> None:
        lines = self.query_one(Lines)
        room = max(20, min(100, round(0.9 * self.size.width)) - 6)  # inside the panel's padding and margin
        lines.styles.height = min(len(self._wrapped(room)), max(3, self.size.height - 10))
        lines.show(self._wrapped)
        lines.focus()

    def action_leave(self) -> None:
        self.close(None)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard("\n".join(self._lines))
        self.query_one(KeyLine).show(("", "j k", "move"), ("y", "y", "copied"), ("escape", "esc", "back"))
