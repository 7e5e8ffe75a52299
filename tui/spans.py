"""Sends of a screen only the cells that were marked as changed.

Textual's own compositor sends a changed span from the left edge of its widget on, which for a chart is most of a line;
over SSH that is most of the traffic. This is the same update with the left side cut off too.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor


class SpanUpdate(ChopsUpdate):
    """Spans of lines, each cut at both ends."""

    def render_segments(self, console: Console) -> str:
        """The bytes for the terminal: for each span a move of the cursor and the cells."""
        sequences: list[str] = []
        for y, start, end in self.spans:
            for strip_end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=True):
                first, last = max(start, x), min(end, strip_end)
                if strip is not None and first < last:
                    sequences.append(Control.move_to(first, y).segment.text)
                    sequences.append(strip.crop(first - x, last - x).render(console))
        return "".join(sequences)


class SpanCompositor(Compositor):
    """A compositor whose partial updates are `SpanUpdate`s."""

    def render_partial_update(self) -> ChopsUpdate | None:
        update = super().render_partial_update()
        return None if update is None else SpanUpdate(update.chops, update.spans, update.chop_ends)
