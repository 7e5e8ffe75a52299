"""How many lines each part of the comparison gets."""

from __future__ import annotations

from dataclasses import dataclass

_LEAST_TABLE, _LEAST_WORDS, _LEAST_CHART = 4, 4, 12
Height = int | str


@dataclass(frozen=True)
class Heights:
    """Lines of each part, from the top; 0: it is not shown, `1fr`: what is left."""

    table: Height = 0
    dots: Height = 0
    chart: Height = 0
    words: Height = 0


def arrange(view: str, room: int, *, table: int, dots: int, words: int) -> Heights:
    """The heights of a view.

    Args:
        room: lines that there are.
        table, dots, words: lines that these would need; no dots: there are none to show.
    """
    if view == "curves":
        return Heights(chart="1fr", words=max(1, min(words, room // 3)))
    if view != "seeds":
        return Heights(table="1fr", words=max(1, min(words, room // 3)))
    left = room - table - 1
    if dots and left - dots < _LEAST_WORDS:
        dots = 0
    left -= dots
    if left - words >= _LEAST_CHART:
        return Heights(table + (not dots), dots, "1fr", words + 1)
    return Heights(max(_LEAST_TABLE, min(table + (not dots), room - dots - _LEAST_WORDS)), dots, 0, "1fr")
