"""A curve in one line of text: one character a part of the training, higher where the value is."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = ",-~=+*#"


def sparkline(values: Sequence[float | None], width: int, low: float, high: float, levels: str = BLOCKS) -> str:
    """Values over a whole training as at most `width` characters; where there is none, a blank.

    Args:
        values: evenly spaced; None where nothing is known, or not yet.
        low, high: what the lowest and the highest character stand for; values outside are shown as these.
        levels: characters, rising.
    """
    count = len(values)
    if not count or width < 1:
        return ""
    drawn = []
    for cell in range(width):
        part = values[cell * count // width : max(cell * count // width + 1, (cell + 1) * count // width)]
        known = [value for value in part if value is not None]
        drawn.append(_character(known[-1], low, high, levels) if known else " ")
    return "".join(drawn).rstrip()


def _character(value: float, low: float, high: float, levels: str) -> str:
    share = (value - low) / (high - low) if high > low else 1.0
    return levels[max(0, min(len(levels) - 1, int(share * len(levels))))]
