"""The classes of a data set as rows to tick: superclasses tick their members, a filter chooses what is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui.form.data_facts import DataFacts
from tui.form.settings import CLASSES, setting_of
from tui.form.values import read_value, write_value


@dataclass(frozen=True)
class ClassRow:
    """A class, or a superclass with its members.

    Args:
        ticked: how many of its members are.
        train, test: images; None where they are not here.
    """

    name: str
    members: tuple[str, ...]
    is_group: bool
    ticked: int
    train: int | None
    test: int | None

    @property
    def sign(self) -> str:
        """`x` all, `-` some, blank none."""
        return "x" if self.ticked == len(self.members) else "-" if self.ticked else " "

    @property
    def key(self) -> str:
        return f"{'group' if self.is_group else 'class'} {self.name}"


def class_rows(facts: DataFacts, ticked: Iterable[str], filter_text: str = "") -> list[ClassRow]:
    """Superclasses, each before its members, then what has none; those whose name, or whose superclass's, matches."""
    chosen = set(ticked)
    wanted = _folded(filter_text)
    counts = {entry.name: (entry.train, entry.test) for entry in facts.classes}
    rows: list[ClassRow] = []

    def row(name: str, members: Sequence[str], *, is_group: bool) -> ClassRow:
        train, test = (_sum(counts[member][split] for member in members) for split in (0, 1))
        return ClassRow(name, tuple(members), is_group, len(chosen & set(members)), train, test)

    for group, members in facts.groups.items():
        fits = wanted in _folded(group)
        if fits:
            rows.append(row(group, members, is_group=True))
        rows += [row(name, [name], is_group=False) for name in members if fits or wanted in _folded(name)]
    grouped = {name for members in facts.groups.values() for name in members}
    alone = (name for name in facts.names if name not in grouped)
    return rows + [row(name, [name], is_group=False) for name in alone if wanted in _folded(name)]


def ticked_classes(facts: DataFacts, text: str) -> tuple[str, ...]:
    """The classes that a text names; none where it names none, or one that is not there."""
    wished = read_value(setting_of(CLASSES), text)
    return facts.named(wished) if isinstance(wished, list) and wished else ()


def toggled(facts: DataFacts, text: str, rows: Sequence[ClassRow]) -> str:
    """The text with these rows ticked; unticked where all of them were."""
    ticked = set(ticked_classes(facts, text))
    members = {name for row in rows for name in row.members}
    ticked = ticked - members if members <= ticked else ticked | members
    return write_value(setting_of(CLASSES), [name for name in facts.names if name in ticked])


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def _sum(counts: Iterable[int | None]) -> int | None:
    found = list(counts)
    known = [count for count in found if count is not None]
    return sum(known) if len(known) == len(found) else None
