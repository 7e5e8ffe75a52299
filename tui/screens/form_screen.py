"""Editing a form with keys: rows to walk through, choices to change, classes to tick and to find."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, TextArea

from tui.screens.typed_form import TypingScreen
from tui.widgets.find_field import FindField
from tui.widgets.row_list import RowList
from tui.widgets.toml_pane import TomlPane

_WHILE_TYPING = ("back", "suspend_process", "redraw")


class FormScreen(TypingScreen):
    """A form on the left. Subclasses say what stands beside it, and what it starts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "step(-1)", "Change", key_display="h l", tooltip="The choice before, or a smaller number"),
        Binding("l,right", "step(1)", "Next", show=False, tooltip="The next choice, or a larger number"),
        Binding("enter", "open", "Type", tooltip="Type a value, as a digit does; tick classes; fetch what is not here"),
        Binding("slash", "find", "Find", tooltip="Find a setting, or a class, which space ticks"),
        Binding("space", "vary", "Vary", tooltip="All choices, or several numbers, make a study; tick a class"),
        Binding("equals_sign", "reset", "Default", tooltip="Back to what it was; again: to the program's default"),
        Binding("v", "view", "TOML", tooltip="The settings as TOML, to edit; esc comes back"),
        Binding("u", "undo", "Undo", tooltip="Take the last edit back"),
        Binding("left_square_bracket", "changed(-1)", "Changed", show=False, tooltip="The changed setting before"),
        Binding("right_square_bracket", "changed(1)", "Changed", show=False, tooltip="The next changed setting"),
        Binding("a", "all", "All", show=False, tooltip="Tick all classes that are shown; again: none of them"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.picking = False
        self.filter = ""

    @property
    def is_on_class(self) -> bool:
        return self.at.startswith(("class ", "group "))

    def compose_form(self) -> ComposeResult:
        with Vertical(id="left"):
            yield RowList(id="rows")
            yield Input(id="value", compact=True, select_on_focus=False)
            yield TomlPane(id="toml")

    def show_form(self, key: str | None = None) -> None:
        """Everything as it is now; the cursor on this row."""
        make, words = self.desk.picker if self.picking else self.desk.rows, self.filter
        self.rows.show(lambda width: make(width, words), key or self.at or "dataset.name")
        if self._typing:
            self.call_after_refresh(self._place_value)
        self.show_meaning()

    def show_meaning(self) -> None:
        """What stands beside the form."""
        raise NotImplementedError

    @on(RowList.Moved)
    def follow(self) -> None:
        self.show_meaning()

    @on(RowList.Chosen)
    def open_clicked(self) -> None:
        self.action_open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed, letters are letters."""
        return action in _WHILE_TYPING or not isinstance(self.focused, Input | TextArea)

    # one row

    def action_step(self, by: int) -> None:
        if self.is_on_class:
            self.lab.tell("space ticks a class; esc goes back to the settings")
        elif self.at:
            self.desk.step(self.at, by)
            self.show_form()

    def action_vary(self) -> None:
        if self.is_on_class:
            self._tick()
        elif self.at and not self.desk.vary(self.at):
            if self.desk.can_vary(self.at):
                self.open_value(f"{self.desk.form.texts[self.at]}, ")
                self.lab.tell("several values, separated by commas, are a study: 0.005, 0.01")
            else:
                self.lab.tell(self.desk.why_not_varied(self.at))
        self.show_form()

    def action_reset(self) -> None:
        if self.at and not self.is_on_class:
            self.desk.reset(self.at)
            self.show_form()

    def action_undo(self) -> None:
        if self.desk.undo():
            self.show_form()
        else:
            self.lab.undo()

    def action_changed(self, by: int) -> None:
        fields = [row for row in self.desk.form.changed if row != self.at]
        if not fields:
            self.lab.tell("no other setting is changed")
            return
        self.picking, self.filter = False, ""
        order = self.desk.fields
        here = order.index(self.at) if self.at in order else -1
        later = [field for field in fields if (order.index(field) - here) * by > 0]
        self.show_form((later or fields)[0 if by > 0 else -1])

    def action_open(self) -> None:
        if self.is_on_class:
            if self.picking:
                self._leave_picker()
            else:
                self._enter_picker(self.at)
        elif self.at == "dataset.classes" and self.desk.class_rows():
            self._enter_picker(None)
        elif self.at and self.desk.is_table(self.at):
            self.action_view()
        elif self.at:
            self.open_value(self.desk.form.texts[self.at])

    # classes, and finding

    def _enter_picker(self, key: str | None) -> None:
        self.picking, self.filter = True, ""
        first = next((row.key for row in self.desk.class_rows() if row.ticked and not row.is_group), None)
        self.close_find()
        self.show_form(key or first)

    def _leave_picker(self) -> None:
        self.picking, self.filter = False, ""
        self.close_find()
        self.show_form("dataset.classes")

    def _tick(self) -> None:
        self.desk.tick([self.at])
        if self.focused is self.rows:
            self.rows.action_move(1)

    def action_all(self) -> None:
        if not self.is_on_class and not self.picking:
            self.lab.tell("a ticks all classes that are shown: enter on classes, or / and a part of their names")
            return
        self.desk.tick([row.key for row in self.desk.class_rows(self.filter)])
        self.show_form()

    def action_find(self) -> None:
        field = self.query_one(FindField)
        field.value = self.filter
        self._open(field)

    @on(Input.Changed, "#find")
    def narrow(self, message: Input.Changed) -> None:
        if self.query_one(FindField).display:
            self.filter = message.value
            self.show_form()

    @on(Input.Submitted, "#find")
    def keep_found(self) -> None:
        """The filter stays among classes; a setting that was found is gone to."""
        if not self.picking and not self.is_on_class:
            self.filter = ""
        self.close_find()
        self.show_form(self.at)

    @on(FindField.Moved)
    def move_found(self, message: FindField.Moved) -> None:
        self.rows.action_move(message.by)

    @on(FindField.Ticked)
    def tick_found(self) -> None:
        """Space ticks a class that was found; while settings are looked for, it is a space."""
        if self.is_on_class:
            self._tick()
            self.show_form()
        else:
            self.query_one(FindField).insert_text_at_cursor(" ")

    def close_find(self) -> None:
        self._close(self.query_one(FindField))

    def close_all(self) -> None:
        """Leave whatever is open; the form is what it is now."""
        self._typing = ""
        self.remove_class("-toml")
        self.query_one(TomlPane).display, self.rows.display = False, True
        for field in self.query(Input):
            field.display = False
        self.set_focus(self.rows)

    async def action_back(self) -> None:
        """One layer: what is open, the filter, the picker, the screen."""
        if self._typing:
            self.close_value(keep=False)
        elif self.has_class("-toml"):
            self.close_toml()
        elif self.query_one(FindField).display or self.filter:
            self.filter = ""
            self.close_find()
            self.show_form(self.at if self.picking or not self.is_on_class else "dataset.classes")
        elif self.picking:
            self._leave_picker()
        else:
            await super().action_back()
