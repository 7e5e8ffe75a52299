"""What is taken for what: a confusion matrix with its names, folded into groups, cut into parts, as pairs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pair:
    """Images of one class that were said to be another.

    Args:
        count: how many.
        images: of the true class, all together.
        reverse: images of `said` that were said to be `true`.
    """

    true: str
    said: str
    count: int
    images: int
    reverse: int

    @property
    def share(self) -> float:
        """Of the true class, in [0, 1]."""
        return self.count / self.images if self.images else 0.0


@dataclass(frozen=True, eq=False)
class Confusion:
    """Counts of images.

    Args:
        rows, columns: names of the true and of the said classes; the same ones where nothing is cut away.
        counts: int64 `[R, C]`, row true, column said.
        images: int64 `[R]`, all images of each row's class, those outside of these columns too.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: NDArray[np.int64]
    images: NDArray[np.int64]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Confusion:
        """Of one split of a report, as `report_document` gives it."""
        names = tuple(document["classes"])
        counts = np.array(document["confusion"], dtype=np.int64).reshape(len(names), len(names))
        return cls(names, names, counts, counts.sum(1))

    def part(self, rows: Collection[str], columns: Collection[str]) -> Confusion:
        """Of these classes alone, in their present order; those that are not here are passed over."""
        down = [index for index, name in enumerate(self.rows) if name in rows]
        across = [index for index, name in enumerate(self.columns) if name in columns]
        return Confusion(
            tuple(self.rows[index] for index in down),
            tuple(self.columns[index] for index in across),
            self.counts[np.ix_(down, across)],
            self.images[down],
        )

    def fold(self, groups: Mapping[str, Sequence[str]]) -> Confusion:
        """Groups of classes against each other; a class in no group is its own."""
        rows, down = _folded(self.rows, groups)
        columns, across = _folded(self.columns, groups)
        counts = np.zeros((len(rows), len(columns)), dtype=np.int64)
        np.add.at(counts, np.ix_(down, across), self.counts)
        images = np.bincount(down, weights=self.images, minlength=len(rows)).astype(np.int64)
        return Confusion(rows, columns, counts, images)

    def pairs(self) -> list[Pair]:
        """The mistakes, the most frequent first, then in the order of the classes."""
        places = {name: index for index, name in enumerate(self.rows)}
        across = {name: index for index, name in enumerate(self.columns)}
        found = []
        for row, column in zip(*np.nonzero(self.counts), strict=True):
            true, said = self.rows[row], self.columns[column]
            if true != said:
                back = self.counts[places[said], across[true]] if said in places and true in across else 0
                found.append(Pair(true, said, int(self.counts[row, column]), int(self.images[row]), int(back)))
        return sorted(found, key=lambda pair: -pair.count)


def _folded(names: Sequence[str], groups: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], list[int]]:
    """The groups that these names are in, in the order of `groups`, and the group of each name."""
    home = {name: group for group, members in groups.items() for name in members}
    wanted = [home.get(name, name) for name in names]
    folded = dict.fromkeys([*(group for group in groups if group in wanted), *wanted])
    places = {group: index for index, group in enumerate(folded)}
    return tuple(folded), [places[group] for group in wanted]
