"""A form on a screen: its rows, a value that is typed into one, and its TOML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import events, on
from textual.widgets import Input

from tui.screens.base import LabScreen
from tui.widgets.row_list import RowList
from tui.widgets.toml_pane import TomlPane

if TYPE_CHECKING:
    from tui.form.desk import Desk

_MARGIN = 2  # of the list, for its cursor


class TypingScreen(LabScreen):
    """What is typed is read with each key; a value that is not kept is as before."""

    def __init__(self) -> None:
        super().__init__()
        self._desk_made: Desk | None = None
        self._typing = ""  # the row whose value is open
        self._before: Any = None  # the form before it was

    @property
    def desk(self) -> Desk:
        """The form; the settings' models are imported when it is first asked for."""
        if self._desk_made is None:
            from tui.form.desk import Desk, devices_here

            self._desk_made = Desk(devices_here())
        return self._desk_made

    @property
    def rows(self) -> RowList:
        return self.query_one(RowList)

    @property
    def at(self) -> str:
        """The row under the cursor."""
        return self.rows.key

    def show_form(self, key: str | None = None) -> None:
        """Everything as it is now; the cursor on this row."""
        raise NotImplementedError

    def takes_key(self, event: events.Key) -> bool:
        """A digit on a number opens it for typing."""
        typed = event.character or ""
        if self.focused is self.rows and typed and typed in "0123456789." and self.desk.is_number(self.at):
            self.open_value(typed)
            return True
        return False

    def open_value(self, text: str) -> None:
        """Let the value of the row under the cursor be typed."""
        self.rows.reveal()
        self._typing, self._before = self.at, self.desk.form
        field = self.query_one("#value", Input)
        field.value = text
        field.cursor_position = len(text)
        self._place_value()
        self._open(field)
        self.desk.type(self._typing, text)
        self.show_form()

    def _place_value(self) -> None:
        """Over the value of its row, wherever that is now."""
        from tui.form.rows import value_column

        x, y = _MARGIN + value_column(), self.rows.line_y(self._typing)
        if self._typing and y is not None:
            field = self.query_one("#value", Input)
            field.styles.offset = (x, y)
            field.styles.width = max(10, self.rows.size.width - x)

    @on(Input.Changed, "#value")
    def take_typed(self, message: Input.Changed) -> None:
        if self._typing:
            self.desk.type(self._typing, message.value)
            self.show_form()

    @on(Input.Submitted, "#value")
    def keep_typed(self) -> None:
        self.close_value(keep=True)

    def close_value(self, *, keep: bool) -> None:
        """End the typing of a value; one that is not kept is as before."""
        before, self._typing = self._before, ""
        if keep:
            self.desk.tidy(self.at)
            self.desk.remember(before)
        else:
            self.desk.form_was(before)
        self._close(self.query_one("#value", Input))
        self.show_form()

    def _open(self, field: Input) -> None:
        """Show it and give it the keys at once: the next one may be waiting already."""
        field.display = True
        self.set_focus(field)

    def _close(self, field: Input) -> None:
        field.display = False
        self.set_focus(self.rows)

    def action_view(self) -> None:
        """The form as TOML."""
        text, line = self.desk.toml(self.at)
        self._before = self.desk.form
        self.add_class("-toml")
        pane = self.query_one(TomlPane)
        pane.display, self.rows.display = True, False
        self.set_focus(pane.open(text, line))
        pane.tell(self.desk.take_toml(text))

    @on(TomlPane.Edited)
    def take_toml(self, message: TomlPane.Edited) -> None:
        if self.has_class("-toml"):
            self.query_one(TomlPane).tell(self.desk.take_toml(message.text))
            self.show_form()

    def close_toml(self) -> None:
        if self.desk.toml_problem:
            self.lab.tell(f"left out: {self.desk.toml_problem}", is_error=True)
        self.desk.remember(self._before)
        self.remove_class("-toml")
        self.query_one(TomlPane).display, self.rows.display = False, True
        self.set_focus(self.rows)
        self.show_form()
