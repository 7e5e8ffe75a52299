"""What is known of an official data set that is still to be fetched."""

from __future__ import annotations

from pathlib import Path

from engine.data.cifar import CIFAR10_SOURCE, CIFAR100_SOURCE
from engine.data.classes import choose_classes
from engine.data.splits import split_sizes
from engine.experiment import DatasetSettings

_OFFICIAL = {source.name: source for source in (CIFAR10_SOURCE, CIFAR100_SOURCE)}
IMAGE_SHAPE = (32, 32, 3)  # (H, W, C) of all of them


def is_to_be_fetched(name: str, data_dir: Path | None = None) -> bool:
    """Whether a data set can be fetched and is not here. Looks for files and reads none."""
    return name in _OFFICIAL and _OFFICIAL[name].find(data_dir) is None


def official_counts(name: str) -> tuple[int, int] | None:
    """Images of each class to train and to test on, before any is held out; None of what is not fetched."""
    return _OFFICIAL[name].counts if name in _OFFICIAL else None


def training_images(settings: DatasetSettings) -> tuple[int, int]:
    """How many images, and of how many classes, an official data set will give to train on.

    Raises:
        SettingsError: for classes that are unknown, or have too few images.
    """
    source = _OFFICIAL[settings.name]
    classes = choose_classes(settings.classes, source.classes, source.groups, source.name)
    train, test = ([count] * len(classes) for count in source.counts)
    return split_sizes(train, test, classes, settings.validation, settings.train_fraction).train, len(classes)
