"""Where a report's parts stand: by the size of the terminal and the number of classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_LEAST_BELOW = 5  # lines, so that matrix and pairs are worth their place
_WIDE = 110  # cells, from which on there is room beside the table
_PICTURES, _LARGER_PICTURES = 12, 20  # lines, for pictures of 16 and of 32 pixels with their captions


@dataclass(frozen=True)
class Arrangement:
    """A grid.

    Args:
        shown: parts, by name, in the order of the grid.
        columns, rows: their sizes, as styles have them.
        spans: columns and rows that a part takes, where these are more than one.
    """

    shown: tuple[str, ...]
    columns: str = "1fr"
    rows: str = "1fr"
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def arrange(
    view: str, width: int, height: int, *, table_width: int, table_height: int, matrix_width: int, matrix_height: int
) -> Arrangement:
    """The arrangement of a view.

    Args:
        width, height: cells that there are.
        table_width, table_height: cells that the table would need for everything.
        matrix_width, matrix_height: cells that the matrix needs at least for all of its columns and rows.
    """
    if view != "table":
        return Arrangement((view,))
    table_height += 1  # a gap below
    left = height - table_height
    if left >= _LEAST_BELOW:
        return _below(width, left, table_height, matrix_width, matrix_height)
    if width < _WIDE:
        return Arrangement(("table",))
    columns = f"{min(table_width, 2 * width // 3)} 1fr"
    left = height - matrix_height - 1
    if left >= _LEAST_BELOW and matrix_width <= width - table_width:
        if left >= _LEAST_BELOW + _PICTURES:
            pictures = max(_PICTURES, min(_LARGER_PICTURES, left - 2 * _LEAST_BELOW))
            rows = f"{matrix_height + 1} 1fr {pictures}"
            return Arrangement(("table", "matrix", "pairs", "images"), columns, rows, {"table": (1, 3)})
        return Arrangement(("table", "matrix", "pairs"), columns, f"{matrix_height + 1} 1fr", {"table": (1, 2)})
    return Arrangement(("table", "pairs"), columns)


def _below(width: int, left: int, table_height: int, matrix_width: int, matrix_height: int) -> Arrangement:
    """Matrix, pairs and pictures below the table."""
    shown: tuple[str, ...] = ("table", "pairs")
    columns, rows, spans = "1fr", f"{table_height} 1fr", {"table": (1, 1)}
    least = _LEAST_BELOW
    if matrix_width <= width // 2 and matrix_height <= left:
        shown, columns = ("table", "matrix", "pairs"), f"{width // 2} 1fr"
        spans = {"table": (2, 1)}
        least = max(least, matrix_height + 1)
    if left >= least + _PICTURES:
        pictures = max(_PICTURES, min(_LARGER_PICTURES, left - 2 * least))
        shown, rows = (*shown, "images"), f"{table_height} 1fr {pictures}"
        spans["images"] = spans["table"]
    return Arrangement(shown, columns, rows, spans)
