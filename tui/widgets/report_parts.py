"""A report's table, matrix, pairs and pictures, arranged by what there is room for."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from tui.report.arrangement import arrange
from tui.report.look import Seen
from tui.widgets.cell_table import CellTable
from tui.widgets.confused import Confused, Pair
from tui.widgets.gallery import Gallery
from tui.widgets.matrix import Matrix


class ReportParts(Container):
    """Shows what is seen; where the cursor is decides which pair of classes is meant.

    Args:
        blocks: the terminal shows half blocks.
    """

    DEFAULT_CSS = """
    ReportParts { layout: grid; grid-gutter: 0 2; height: 1fr; }
    ReportParts > CellTable, ReportParts > Matrix, ReportParts > Confused { height: 100%; }
    """

    def __init__(self, *, blocks: bool, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._blocks = blocks
        self._seen: Seen | None = None
        self._data_dir: Path | None = None

    def compose(self) -> ComposeResult:
        yield CellTable(id="table")
        yield Matrix(id="matrix")
        yield CellTable(id="pairs")
        yield Confused(blocks=self._blocks, id="images")

    @property
    def table(self) -> CellTable:
        return self.query_one("#table", CellTable)

    @property
    def pairs(self) -> CellTable:
        return self.query_one("#pairs", CellTable)

    @property
    def matrix(self) -> Matrix:
        return self.query_one(Matrix)

    @property
    def pair(self) -> Pair | None:
        """The true and the said class under the cursor; of a class alone: None as the said one."""
        if self.matrix.has_focus:
            return None if self._seen is None or self._seen.is_folded else self.matrix.cell
        key = (self.pairs if self.pairs.has_focus else self.table).key
        if isinstance(key, tuple):
            return key
        return (key, None) if isinstance(key, str) else None

    def show(self, seen: Seen, data_dir: Path | None) -> None:
        """Show this.

        Args:
            data_dir: where data sets are looked for if not where the run found them.
        """
        self._seen, self._data_dir = seen, data_dir
        self.table.show(seen.classes())
        self.pairs.show(seen.pairs())
        if (matrix := seen.matrix()) is not None:
            self.matrix.show(matrix)
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    def focus_view(self) -> None:
        """Put the focus on what the view is of."""
        view = self._seen.look.view if self._seen else "table"
        (self.query_one(Gallery) if view == "images" else self.query_one(f"#{view}")).focus()

    def _arrange(self) -> None:
        if self._seen is None or not self.size.width:
            return
        sheet = self.table.sheet
        matrix_width, matrix_height = self.matrix.least_size
        found = arrange(
            self._seen.look.view,
            *self.size,
            table_width=sheet.natural_width,
            table_height=sheet.natural_height,
            matrix_width=matrix_width,
            matrix_height=matrix_height,
        )
        self.styles.grid_size_columns = len(found.columns.split())
        self.styles.grid_size_rows = len(found.rows.split())
        self.styles.grid_columns, self.styles.grid_rows = found.columns, found.rows
        for name in ("table", "matrix", "pairs", "images"):
            part = self.query_one(f"#{name}", Widget)
            part.display = name in found.shown
            part.styles.column_span, part.styles.row_span = found.spans.get(name, (1, 1))
        self._show_pictures()

    @on(Matrix.Moved)
    @on(CellTable.Moved)
    def _show_pictures(self) -> None:
        """Those that were chosen, else those of what the cursor is on."""
        seen, confused = self._seen, self.query_one(Confused)
        if seen is None or seen.document is None or not confused.display:
            return
        pair = seen.look.pictured or self.pair
        if pair is not None:
            scored, report = seen.look.scored, seen.report
            reference = report.reference if scored in report.changes else None
            classes = tuple(seen.document["classes"])
            confused.look_at(report.run, scored, classes, pair, reference, self._data_dir)
