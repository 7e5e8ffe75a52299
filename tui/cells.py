"""Lines of a screen as characters and, for each, the look it has; and what changed between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from engine.layout import fit, text_width

PLAIN = " "
_MOVE_BYTES, _LOOK_BYTES = 34, 26  # to begin a span, and to change the look within one


@dataclass(frozen=True)
class Row:
    """One line.

    Args:
        text: its characters.
        looks: as many letters as characters: each names the look of its character.
    """

    text: str
    looks: str

    @classmethod
    def of(cls, parts: Iterable[tuple[str, str]]) -> Row:
        """A line of (text, look letter)."""
        text, looks = "", ""
        for words, look in parts:
            text += words
            looks += look * len(words)
        return cls(text, looks)

    def fitted(self, width: int) -> Row:
        """In exactly `width` cells: padded, or cut with an ellipsis."""
        text = fit(self.text, width)
        return Row(text, self.looks[: len(text)].ljust(len(text), PLAIN))

    def parts(self) -> Iterator[tuple[str, str]]:
        """Runs of one look: text, look letter."""
        start = 0
        for look, run in groupby(self.looks):
            end = start + sum(1 for _ in run)
            yield self.text[start:end], look
            start = end


def changed_spans(before: Row, after: Row) -> list[tuple[int, int]]:
    """Where two lines of one width differ: start and end of each span, in cells.

    Spans that lie close together are one. A line with wide characters is one span, if it differs at all.
    """
    if before == after:
        return []
    width = text_width(after.text)
    if len(before.text) != len(after.text) or width != len(after.text) or text_width(before.text) != width:
        return [(0, max(width, text_width(before.text)))]
    spans: list[tuple[int, int]] = []
    pairs = zip(before.text, after.text, before.looks, after.looks, strict=True)
    for x, (old, new, old_look, new_look) in enumerate(pairs):
        if old == new and old_look == new_look:
            continue
        if spans and _bytes_between(after.looks, spans[-1][1], x) < _MOVE_BYTES:
            spans[-1] = (spans[-1][0], x + 1)
        else:
            spans.append((x, x + 1))
    return spans


def _bytes_between(looks: str, end: int, start: int) -> int:
    """What it costs to send the cells between two spans too, and make them one."""
    if start - end >= _MOVE_BYTES:
        return _MOVE_BYTES
    changes = sum(1 for x in range(end, start) if looks[x] != looks[x - 1])
    joined = 0 if looks[start] == looks[start - 1] else 1
    return start - end + _LOOK_BYTES * (changes + joined - (looks[start] != looks[end - 1]))


def blank(width: int, height: int) -> list[Row]:
    """Empty lines."""
    return [Row(" " * width, PLAIN * width)] * height


def stacked(rows: Sequence[Row], width: int, height: int) -> list[Row]:
    """Exactly `height` lines of `width` cells, cut or padded below."""
    return [row.fitted(width) for row in rows[:height]] + blank(width, height - len(rows))
