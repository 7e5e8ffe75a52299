"""From settings to images: the source found, classes chosen, splits drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.cifar import CIFAR10_SOURCE, CIFAR100_SOURCE
from engine.data.classes import choose_classes
from engine.data.dataset import ImageDataset, LazySplit, Split, channel_statistics, split_sha256
from engine.data.digits import Digits
from engine.data.folder import Folder
from engine.data.source import Decoded, Source, count_labels
from engine.data.splits import share, split_sizes, stratified
from engine.errors import DataError
from engine.experiment import DatasetSettings
from engine.text import clean

SOURCES: dict[str, Source] = {source.name: source for source in (Digits(), CIFAR10_SOURCE, CIFAR100_SOURCE, Folder())}


def resolve_classes(settings: DatasetSettings, data_dir: Path | None = None) -> DatasetSettings:
    """The same settings with every class named, in data-set order. Needs no images, except of a folder its names.

    Raises:
        SettingsError: naming each unknown class and the nearest spelling.
    """
    source = SOURCES[settings.name]
    classes = choose_classes(settings.classes, source.class_names(data_dir), source.superclasses(), source.name)
    return settings.model_copy(update={"classes": classes})


def load_dataset(settings: DatasetSettings, data_dir: Path | None = None) -> ImageDataset:
    """The images of the chosen classes, split.

    Args:
        data_dir: where the data set lies; None: where `cnnlab data fetch` puts it.

    Raises:
        SettingsError: unknown classes, or too few images of one.
        DataError: missing or damaged data.
    """
    decoded, classes = _decode(settings, data_dir)
    splits = _split(decoded, classes, settings)
    train, test = splits["train"].load(), splits["test"].load()
    mean, std = channel_statistics(train.images)
    return ImageDataset(
        name=settings.name,
        classes=classes,
        train=train,
        validation=test if settings.validation == "test" else splits["validation"].load(),
        test=test,
        mean=mean,
        std=std,
        test_sha256=split_sha256(test, classes),
        selected_on=_selected_on(settings),
        notices=decoded.notices,
    )


def open_split(settings: DatasetSettings, split: str, data_dir: Path | None = None) -> LazySplit:
    """One split of the chosen classes without its images: they are read, from a mapped file, as they are taken.

    Args:
        split: train, validation, test.

    Raises:
        SettingsError, DataError: as `load_dataset`.
    """
    decoded, classes = _decode(settings, data_dir)
    return _split(decoded, classes, settings)[split]


def load_all(name: str, data_dir: Path | None = None) -> Decoded:
    """A whole data set, all classes, before any split for validation. A folder's broken images are notices."""
    defaults = DatasetSettings(name=name)
    return SOURCES[name].decode(data_dir, defaults.image_size, skip_broken=name == "folder")


def _decode(settings: DatasetSettings, data_dir: Path | None) -> tuple[Decoded, tuple[str, ...]]:
    """The data set and the chosen classes, all of which are in it."""
    classes = resolve_classes(settings, data_dir).classes
    decoded = SOURCES[settings.name].decode(data_dir, settings.image_size, settings.skip_broken)
    if missing := [name for name in classes if name not in decoded.classes]:
        raise DataError(f"{settings.name}: {', '.join(map(clean, missing))} is not in these data")
    return decoded, classes


def _split(decoded: Decoded, classes: Sequence[str], settings: DatasetSettings) -> dict[str, LazySplit]:
    chosen = np.array([decoded.classes.index(name) for name in classes])
    train, test = _choose(decoded.train, chosen), _choose(decoded.test, chosen)
    train_counts, test_counts = (count_labels(split.labels, len(classes)) for split in (train, test))
    split_sizes(train_counts, test_counts, classes, settings.validation)
    validation = train.part(np.zeros(0, dtype=np.int64))
    if settings.validation == "test":
        validation = test
    elif settings.validation:
        kept, held = stratified(train.labels, float(settings.validation), settings.split_seed)
        train, validation = train.part(kept), train.part(held)
    if settings.train_fraction < 1:
        train = train.part(share(train.labels, settings.train_fraction, settings.split_seed))
    return {"train": train, "validation": validation, "test": test}


def _selected_on(settings: DatasetSettings) -> str:
    if settings.validation == "test":
        return "test"
    return "validation" if settings.validation else "last"


def _choose(split: Split, chosen: NDArray[np.int64]) -> LazySplit:
    """The images of the chosen classes, labelled by their place among them."""
    places = np.full(max(int(split.labels.max(initial=0)), int(chosen.max())) + 1, -1, dtype=np.int64)
    places[chosen] = np.arange(len(chosen))
    labels = places[split.labels]
    rows = np.flatnonzero(labels >= 0)
    return LazySplit(split.images, rows, labels[rows])
