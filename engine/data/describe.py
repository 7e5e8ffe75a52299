"""What data sets there are, what is in one, and what its images look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.classes import find_classes
from engine.data.load import SOURCES, load_all
from engine.data.source import Source, count_labels
from engine.errors import DataError, RequestError, suggestion
from engine.text import clean


@dataclass(frozen=True)
class Listing:
    """One data set: what it is, and where it was found (None: nowhere)."""

    name: str
    description: str
    found: str | None


@dataclass(frozen=True)
class ClassInfo:
    """One class. Counts are before images are held out for validation; None where the images are not here."""

    index: int
    name: str
    superclass: str | None
    train: int | None
    test: int | None


@dataclass(frozen=True)
class DatasetInfo:
    """A data set's classes; `problem` says why there are no counts, `notices` which images were not counted."""

    name: str
    image_shape: tuple[int, int, int]
    classes: list[ClassInfo]
    problem: str | None = None
    notices: tuple[str, ...] = ()


def list_datasets(data_dir: Path | None = None) -> list[Listing]:
    """Every data set; looks for files and reads none."""
    return [Listing(source.name, source.description, source.find(data_dir)) for source in SOURCES.values()]


def class_words(name: str) -> list[str]:
    """The words that choose classes of a data set, those of an unknown one or of a folder none."""
    source = SOURCES.get(name)
    if source is None or name == "folder":
        return []
    return [*source.class_names(None), *source.superclasses()]


def describe_dataset(name: str, data_dir: Path | None = None) -> DatasetInfo:
    """Classes, superclasses and counts.

    Raises:
        RequestError: for a name that is not known.
        DataError: for a folder that cannot be read, and for damaged data; missing ones are a `problem`.
    """
    source = _source(name)
    names = source.class_names(data_dir)
    groups = {member: group for group, members in source.superclasses().items() for member in members}
    train: list[int | None] = [None] * len(names)
    test, shape, problem, notices = train, (32, 32, 3), None, tuple[str, ...]()
    try:
        decoded = load_all(name, data_dir)
    except DataError as error:
        if source.find(data_dir) is not None or name == "folder":
            raise
        problem = error.message
    else:
        train = [*count_labels(decoded.train.labels, len(names))]
        test = [*count_labels(decoded.test.labels, len(names))]
        shape, notices = decoded.train.images.shape[1:], decoded.notices
    classes = [ClassInfo(index, text, groups.get(text), train[index], test[index]) for index, text in enumerate(names)]
    return DatasetInfo(name, shape, classes, problem, notices)


def class_groups(name: str, classes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The superclasses of these classes, each with those of its members that are among them.

    Needs no images. Empty where superclasses say no more than the classes: of a data set that has none, or is not
    known, and where no two of these classes share one.
    """
    source = SOURCES.get(name)
    wanted = set(classes)
    groups = source.superclasses() if source else {}
    found = {group: tuple(member for member in members if member in wanted) for group, members in groups.items()}
    found = {group: members for group, members in found.items() if members}
    return found if 1 < len(found) < len(wanted) else {}


def class_samples(name: str, wished: str, data_dir: Path | None = None, count: int = 8) -> NDArray[np.uint8]:
    """The first training images of one class, or of each class of a superclass: uint8 `[n, H, W, C]`."""
    source = _source(name)
    chosen = find_classes([wished], source.class_names(data_dir), source.superclasses(), name)
    decoded = load_all(name, data_dir)
    labels = [decoded.classes.index(text) for text in chosen]
    share = max(1, count // len(labels))
    rows = np.concatenate([np.flatnonzero(decoded.train.labels == label)[:share] for label in labels])
    return np.array(decoded.train.images[rows[:count]])


def _source(name: str) -> Source:
    if name not in SOURCES:
        near = suggestion(name, SOURCES)
        raise RequestError(f"{clean(name)!r} is not one of {', '.join(SOURCES)}{near}", field="dataset.name")
    return SOURCES[name]
