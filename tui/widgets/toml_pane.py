"""Settings as TOML to edit, with what is wrong below, line by line."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from engine.text import clean

_MOST_PROBLEMS = 4


class TomlPane(Vertical):
    """A text area, and lines about it."""

    DEFAULT_CSS = """
    TomlPane TextArea { height: 1fr; border: none; padding: 0; }
    TomlPane #toml-problems { height: auto; color: $text-error; }
    """

    class Edited(Message):
        """The text is another one."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def compose(self) -> ComposeResult:
        yield TextArea(show_line_numbers=True, soft_wrap=True, id="toml-text", compact=True)
        yield Static("", id="toml-problems", markup=False)

    def open(self, text: str, line: int) -> TextArea:
        """Begin with this text, at a line from 1; what shall have the focus."""
        area = self.query_one(TextArea)
        area.load_text(text)
        area.move_cursor((max(0, line - 1), 0))
        return area

    def tell(self, problems: Sequence[str]) -> None:
        """What is wrong with it."""
        shown = [f"! {clean(problem)}" for problem in problems[:_MOST_PROBLEMS]]
        if len(problems) > _MOST_PROBLEMS:
            shown.append(f"! and {len(problems) - _MOST_PROBLEMS} more")
        self.query_one("#toml-problems", Static).update(Content("\n".join(shown)))

    @on(TextArea.Changed)
    def pass_on(self, message: TextArea.Changed) -> None:
        message.stop()
        self.post_message(self.Edited(message.text_area.text))
