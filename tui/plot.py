"""The one place that knows plotext: series in, lines of styled text out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.style import Style
from rich.text import Text


@dataclass(frozen=True)
class Series:
    """One curve.

    Args:
        name: what the curve is.
        xs, ys: points; y may be NaN, which is a gap.
        colour: of the curve.
        sign: the character it is drawn with: meaning is never by colour alone.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    colour: str
    sign: str


def plot(series: Sequence[Series], width: int, height: int, x_end: float, y_range: tuple[float, float]) -> list[Text]:
    """`height` lines of `width` cells, with axes. The axes are given, so that they hold still while points come."""
    figure = _figure()
    figure.plot_size(width, height)
    for one in series:
        for xs, ys in stretches(*thin(one.xs, one.ys, 2 * width)):
            signal = figure.signal(xs, ys, marker=_marker(one))
            signal.lines()
            figure.draw(signal)
    low, high = y_range
    figure.ruler("x").lim(1, max(2, x_end))
    figure.ruler("x").ticks(*_ticks(1, max(2, x_end), whole=True))
    figure.ruler("y").lim(low, high)
    figure.ruler("y").ticks(*_ticks(low, high, whole=False))
    return _lines(figure.build().string(), width, height)


def thin(xs: Sequence[float], ys: Sequence[float], most: int) -> tuple[list[float], list[float]]:
    """At most about `most` points with the same picture: of each stretch, the lowest and the highest."""
    if len(xs) <= most:
        return list(xs), list(ys)
    step = math.ceil(2 * len(xs) / most)
    kept: list[int] = []
    for start in range(0, len(xs), step):
        places = range(start, min(start + step, len(xs)))
        known = [i for i in places if math.isfinite(ys[i])]
        chosen = {min(known, key=ys.__getitem__), max(known, key=ys.__getitem__)} if known else {start}
        kept += sorted(chosen)
    return [xs[i] for i in kept], [ys[i] for i in kept]


def stretches(xs: Sequence[float], ys: Sequence[float]) -> Iterator[tuple[list[float], list[float]]]:
    """The parts of a curve between its gaps: a NaN among points that plotext joins aborts the process."""
    part: tuple[list[float], list[float]] = [], []
    for x, y in zip(xs, ys, strict=True):
        if math.isfinite(y):
            part[0].append(x)
            part[1].append(y)
        elif part[0]:
            yield part
            part = [], []
    if part[0]:
        yield part


def stepped(value: float) -> float:
    """The next of 0.1, 0.2, 0.5, 1, 2, 5, … that is not below: an axis that moves in steps."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= value * (1 - 1e-9))


def _figure() -> Any:
    import plotext

    plotext.terminal.limit(False, False)  # else it clamps to the terminal that it finds
    return type(plotext.figure)(plotext.terminal)


def _marker(series: Series) -> Any:
    import plotext

    return plotext.marker(series.sign, plotext.pixel(series.colour))


def _ticks(low: float, high: float, *, whole: bool) -> tuple[list[float], list[str]]:
    places = [low + (high - low) * part / 4 for part in range(5)]
    if whole:
        places = sorted({low, *(float(round(high * part / 4)) for part in range(1, 5))})
        return places, [f"{place:,.0f}" for place in places]
    digits = max(0, 2 - math.floor(math.log10(high - low))) if high > low else 2
    return places, [f"{place:.{min(digits, 4)}f}" for place in places]


def _lines(drawn: str, width: int, height: int) -> list[Text]:
    """plotext's picture without its backgrounds, in exactly this size."""
    lines = []
    for text in Text.from_ansi(drawn).split("\n")[:height]:
        bare = Text(text.plain)
        for span in text.spans:
            style = span.style if isinstance(span.style, Style) else Style.parse(span.style)
            bare.stylize(Style(color=style.color), span.start, span.end)
        bare.truncate(width, pad=True)
        lines.append(bare)
    return lines + [Text(" " * width)] * (height - len(lines))
