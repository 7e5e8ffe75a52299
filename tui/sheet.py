"""What a table shows, without a widget."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.ordering import Field, Order


@dataclass(frozen=True)
class Sheet:
    """What a table shows.

    Args:
        fields: columns, in their order.
        rows: already in order; each is what the fields take.
        keys: one a row, what the row is.
        order: by which column they are sorted.
        marked: keys of rows with a mark.
        signs: a sign before a row, `*` of the reference, by key; a mark goes before it.
        footer: rows below a rule, which do not scroll.
        empty: what is said instead of rows.
    """

    fields: Sequence[Field[Any]] = ()
    rows: Sequence[Any] = ()
    keys: Sequence[Hashable] = ()
    order: Order = field(default_factory=Order)
    marked: Collection[Hashable] = ()
    signs: tuple[tuple[Hashable, str], ...] = ()
    footer: Sequence[Any] = ()
    empty: str = ""
