"""What a source of images is to the rest: class names at once, decoded images when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Split


@dataclass(frozen=True)
class Decoded:
    """A whole data set, all its classes, images maybe mapped from a file.

    Args:
        classes: names, in the order of the labels.
        train, test: every image there is.
        notices: what a user should know.
    """

    classes: tuple[str, ...]
    train: Split
    test: Split
    notices: tuple[str, ...] = ()


class Source(Protocol):
    """One kind of data set."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...

    def class_names(self, data_dir: Path | None) -> Sequence[str]:
        """All classes, in the order of their indices."""

    def superclasses(self) -> Mapping[str, tuple[str, ...]]:
        """Groups of classes by name; empty where there are none."""

    def find(self, data_dir: Path | None) -> str | None:
        """Where the data are; None where they are not."""

    def decode(self, data_dir: Path | None, image_size: int, skip_broken: bool) -> Decoded:
        """All images.

        Raises:
            DataError: if they are missing or damaged.
        """


def count_labels(labels: NDArray[np.int64], classes: int) -> list[int]:
    """Images of each class."""
    return [int(count) for count in np.bincount(labels, minlength=classes)]
