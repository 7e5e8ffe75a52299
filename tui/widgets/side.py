"""Beside the form: the network in numbers, pictures of the classes, and what one should know before the start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from engine.layout import wrapped
from tui.widgets.samples import sample_lines

if TYPE_CHECKING:
    from tui.widgets.samples import Images

_FEWEST_PICTURE_LINES = 5  # with the name above: eight pixels
_MOST_PICTURE_LINES = 17


@dataclass(frozen=True)
class View:
    """What there is to see.

    Args:
        network: makes the table of layers for a width and a height.
        images: uint8 `[n, H, W, 3]` by class.
        notes: sentences, the most important first.
        is_about_classes: pictures come first, and the network goes.
    """

    network: Callable[[int, int], list[str]] | None = None
    images: Images = field(default_factory=dict)
    notes: Sequence[str] = ()
    is_about_classes: bool = False


class Side(Widget):
    """Draws what fits, one below the other; only lines that changed are sent.

    Args:
        blocks: the terminal shows half blocks in colour.
    """

    def __init__(self, *, blocks: bool, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._blocks = blocks
        self._view = View()
        self._lines: list[Strip] = []

    def show(self, view: View) -> None:
        """This from now on."""
        self._view = view
        self._lay_out()

    def on_resize(self) -> None:
        self._lines = []
        self._lay_out()
        self.refresh()

    def _lay_out(self) -> None:
        width, height = self.size
        if width < 20 or height < 3:
            return
        old, self._lines = self._lines, self._parts(width, height)
        for y in range(max(len(old), len(self._lines))):
            if y >= len(old) or y >= len(self._lines) or old[y] != self._lines[y]:
                self.refresh(Region(0, y, width, 1))

    def _parts(self, width: int, height: int) -> list[Strip]:
        view = self._view
        notes = [line for note in view.notes for line in wrapped(note, width, 100)][: max(2, height // 3)]
        room = height - len(notes) - (1 if notes else 0)
        if view.is_about_classes or view.network is None:
            network: list[str] = []
        else:
            kept = _FEWEST_PICTURE_LINES + 1 if view.images and room > 2 * _FEWEST_PICTURE_LINES else 0
            network = view.network(width, room - kept)
            room -= len(network) + 1
        pictures = sample_lines(view.images, width, min(room, _MOST_PICTURE_LINES), blocks=self._blocks)
        parts = [[_text(line) for line in network], pictures, [_text(line) for line in notes]]
        lines: list[Strip] = []
        for part in filter(None, parts):
            lines += [Strip([])] if lines else []
            lines += part
        return lines[:height]

    def render_line(self, y: int) -> Strip:
        strip = self._lines[y] if y < len(self._lines) else Strip([])
        return strip.apply_style(self.rich_style).adjust_cell_length(self.size.width, self.rich_style)


def _text(line: str) -> Strip:
    return Strip([Segment(line)])
