"""A comparison's table, dots, words and chart, arranged by what there is room for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical

from engine.layout import wrapped
from engine.store import History
from tui.cells import Row
from tui.compare.arrangement import arrange
from tui.compare.curves import curves_view, legend
from tui.compare.look import Seen
from tui.widgets.cell_lines import CellLines
from tui.widgets.cell_table import CellTable
from tui.widgets.chart import Chart
from tui.widgets.lines import Lines


class CompareParts(Vertical):
    """Shows what is seen of a comparison, or why there is none.

    Args:
        has_braille: that may be drawn with.
    """

    DEFAULT_CSS = "CompareParts { height: 1fr; }"

    def __init__(self, *, has_braille: bool, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._has_braille = has_braille

    def compose(self) -> ComposeResult:
        yield CellTable(id="table")
        yield CellLines(id="dots")
        yield Lines(id="words")
        yield Chart(id="chart")

    @property
    def table(self) -> CellTable:
        return self.query_one(CellTable)

    @property
    def words(self) -> Lines:
        return self.query_one(Lines)

    @property
    def has_chart(self) -> bool:
        """Whether there is room for one."""
        return self.query_one(Chart).display

    def say(self, problem: str) -> None:
        """Why there is no comparison, and nothing else."""
        for part in self.children:
            part.display = part is self.words
        self.words.styles.height = "1fr"
        self.words.show(lambda width: wrapped(problem, width))

    def show(self, seen: Seen, marks: Collection[str], width: int, height: int) -> None:
        """Show this in so many cells.

        Args:
            marks: run ids whose rows are signed.
        """
        table, words, chart, dots = self.table, self.words, self.query_one(Chart), self.query_one("#dots", CellLines)
        view = seen.look.view
        if view != "curves":
            table.show(seen.sheet(marks))
        say = partial(legend, seen.document) if view == "curves" else seen.words
        found = arrange(
            view,
            height,
            table=table.sheet.natural_height,
            dots=len(seen.dots(width - 3)) + 2 if view == "seeds" else 0,
            words=len(list(say(width - 2))) if seen.document else 0,
        )
        for part, lines in ((table, found.table), (dots, found.dots), (chart, found.chart), (words, found.words)):
            part.display = lines != 0
            part.styles.height = lines or 1
        words.show(say)
        dots.show_rows(lambda width, height: [Row.of([(f" {line}", " ")]) for line in ["", *seen.dots(width - 3)]])

    def draw_chart(self, seen: Seen, history_of: Callable[[str], History | None]) -> None:
        """The curves, as far as they have been read."""
        view = curves_view(seen.document, history_of, has_braille=self._has_braille) if seen.document else None
        if view is not None:
            self.query_one(Chart).show(view)

    def focus_view(self, view: str) -> None:
        """Put the focus on what the view is of."""
        (self.words if view == "curves" else self.table).focus()
