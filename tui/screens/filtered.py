"""A screen whose rows are narrowed by words: the field below them, and its keys."""

from __future__ import annotations

from collections.abc import Iterator

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from tui.screens.run_screen import RunScreen


class FilteredScreen(RunScreen):
    """Rows that hold the words that are typed, as they are typed. A subclass binds `filter`."""

    def narrow_to(self, words: str) -> None:
        """Show the rows that hold these."""
        raise NotImplementedError

    def leave_field(self) -> None:
        """The field is gone: put the focus back, and lay out what has its line now."""
        raise NotImplementedError

    def compose_filter(self, what: str) -> Iterator[Widget]:
        """The field, hidden.

        Args:
            what: of which it narrows.
        """
        field = Input(placeholder=f"{what} that hold these words", id="filter", compact=True)
        field.display = False
        yield field

    @property
    def filter_field(self) -> Input:
        return self.query_one("#filter", Input)

    def action_filter(self) -> None:
        self.filter_field.display = True
        self.set_focus(self.filter_field)

    @on(Input.Changed, "#filter")
    def narrow(self, message: Input.Changed) -> None:
        self.narrow_to(message.value)

    @on(Input.Submitted, "#filter")
    def keep_filter(self) -> None:
        self.filter_field.display = False
        self.leave_field()
