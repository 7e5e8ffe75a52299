"""Small screens over the others: a question, a value to type, lines to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from engine.text import clean
from tui.widgets.lines import Lines

T = TypeVar("T")


class _Panel(ModalScreen[T]):
    """A panel in the middle; the screen below stays to be seen."""

    DEFAULT_CSS = """
    _Panel { align: center middle; background: $background 60%; }
    _Panel > Vertical {
        width: 90%; max-width: 100; height: auto; max-height: 90%; padding: 1 2; background: $panel; color: $foreground;
    }
    _Panel .title { text-style: bold; height: auto; }
    _Panel .hint { color: $text-muted; height: auto; margin-top: 1; }
    """


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
            yield Static(Content("y: yes    n, enter, esc: no"), classes="hint")

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)


class Prompt(_Panel[str | None]):
    """One value to type; None where it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", tooltip="Leave it as it was"),
    ]

    def __init__(self, label: str, value: str = "") -> None:
        super().__init__()
        self._label, self._value = label, value

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(clean(self._label)), classes="title")
            yield Input(clean(self._value), compact=True)
            yield Static(Content("enter: keep    esc: leave as it was"), classes="hint")

    @on(Input.Submitted)
    def take(self, message: Input.Submitted) -> None:
        self.dismiss(message.value)

    def action_leave(self) -> None:
        self.dismiss(None)


class Details(_Panel[None]):
    """Lines to read, which scroll."""

    DEFAULT_CSS = "Details > Vertical > Lines { height: auto; max-height: 100%; background: $panel; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,backspace,d", "leave", "Back", key_display="esc", tooltip="Back"),
        Binding("y", "copy", "Copy", tooltip="Copy these lines"),
    ]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._title, self._lines = title, [clean(line) for line in lines]

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(clean(self._title)), classes="title")
            yield Lines()
            yield Static(Content("j k: move    y: copy    esc: back"), classes="hint")

    def on_mount(self) -> None:
        lines = self.query_one(Lines)
        lines.styles.height = min(len(self._lines), max(3, self.size.height - 10))
        lines.show(lambda width: self._lines)
        lines.focus()

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard("\n".join(self._lines))
