"""Sends of a screen only the cells that were marked as changed, and of their styles only what differs.

Textual's own compositor sends a changed span from the left edge of its widget on, which for a chart is most of a line,
and every style from nothing to nothing. Over SSH that is most of the traffic.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor

_RESET = "\x1b[0m"


class SpanUpdate(ChopsUpdate):
    """Spans of lines, each cut at both ends."""

    def render_segments(self, console: Console) -> str:
        """The bytes for the terminal: for each span a move of the cursor and its cells."""
        pen = Pen(console._color_system)
        sequences: list[str] = []
        for x, y, segments in self._cut():
            sequences.append(Control.move_to(x, y).segment.text)
            sequences += [pen.write(segment) for segment in segments]
        return "".join(sequences) + pen.lift()

    def _cut(self) -> Iterator[tuple[int, int, list[Segment]]]:
        for y, start, end in self.spans:
            for strip_end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=True):
                first, last = max(start, x), min(end, strip_end)
                if strip is not None and first < last:
                    yield first, y, list(strip.crop(first - x, last - x))


class SpanCompositor(Compositor):
    """A compositor whose partial updates are `SpanUpdate`s."""

    def render_partial_update(self) -> ChopsUpdate | None:
        update = super().render_partial_update()
        return None if update is None else SpanUpdate(update.chops, update.spans, update.chop_ends)


class Pen:
    """Writes text in styles, and remembers which style the terminal has now."""

    def __init__(self, system: ColorSystem | None) -> None:
        self._system = system
        self._now = ("", "", "")

    def write(self, segment: Segment) -> str:
        """The text of a segment, with what must be sent before it."""
        text, style, _ = segment
        codes = ("", "", "") if style is None or self._system is None else _codes(style, self._system)
        before, self._now = self._now, codes
        return _change(before, codes) + text

    def lift(self) -> str:
        """What leaves the terminal without a style."""
        before, self._now = self._now, ("", "", "")
        return _RESET if any(before) else ""


@lru_cache(maxsize=1024)
def _codes(style: Style, system: ColorSystem) -> tuple[str, str, str]:
    """A style's codes: of its attributes, of its colour, of its background."""
    return tuple(
        Style.combine([part]).render("x", color_system=system).partition("x")[0].removeprefix("\x1b[").removesuffix("m")
        for part in (style.without_color, Style(color=style.color), Style(bgcolor=style.bgcolor))
    )  # type: ignore[return-value]


@lru_cache(maxsize=1024)
def _change(before: tuple[str, str, str], after: tuple[str, str, str]) -> str:
    """The shortest sequence from one style to another."""
    if before == after:
        return ""
    if not any(after):
        return _RESET
    if before[0] and before[0] != after[0]:  # an attribute goes away: there is no short way to say so
        return f"\x1b[{';'.join(filter(None, ('0', *after)))}m"
    attributes = after[0] if before[0] != after[0] else ""
    pairs = zip(before[1:], after[1:], ("39", "49"), strict=True)
    colours = [new or default for old, new, default in pairs if old != new]
    return f"\x1b[{';'.join(filter(None, (attributes, *colours)))}m"
