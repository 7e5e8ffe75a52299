"""`cifar10` and `cifar100`: the official python-version archives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.archive import ArchiveFiles
from engine.data.cache import cached, default_data_dir, source_key
from engine.data.class_names import CIFAR10, CIFAR100, CIFAR100_SUPERCLASSES
from engine.data.dataset import Split
from engine.data.pickles import parse_pickle
from engine.data.source import Decoded
from engine.errors import DataError

_PIXELS = 32

CIFAR10_FILES = ArchiveFiles(
    data_set="cifar10",
    folder="cifar-10-batches-py",
    archive="cifar-10-python.tar.gz",
    url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    md5="c58f30108f718f92721af3b95e74349a",
    size_bytes=170_498_071,
    members={
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
    },
)
CIFAR100_FILES = ArchiveFiles(
    data_set="cifar100",
    folder="cifar-100-python",
    archive="cifar-100-python.tar.gz",
    url="https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    md5="eb9058c3a382ffc7106e4002c42a8d85",
    size_bytes=169_001_437,
    members={"train": "16019d7e3df5f24257cddd939b257f8d", "test": "f0ef6b0ae62326f3e7ffdfab6717acfc"},
)


@dataclass(frozen=True)
class Cifar:
    """One of the two.

    Args:
        files: the archive.
        train, test: names of the members that make each split, in order.
        label_key: of the labels in a member's dictionary.
        classes, groups: names in the order of the labels; superclasses.
        counts: images of each class to train on and to test on, as the official archive has them.
    """

    name: str
    description: str
    files: ArchiveFiles
    train: tuple[str, ...]
    test: tuple[str, ...]
    label_key: str
    classes: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    counts: tuple[int, int]

    def class_names(self, data_dir: Path | None) -> Sequence[str]:
        return self.classes

    def superclasses(self) -> Mapping[str, tuple[str, ...]]:
        return self.groups

    def find(self, data_dir: Path | None) -> str | None:
        place = self.files.locate(data_dir or default_data_dir())
        return None if place is None else str(place)

    def decode(self, data_dir: Path | None, image_size: int, skip_broken: bool) -> Decoded:
        folder = data_dir or default_data_dir()
        key = source_key(self.files.source_files(folder), self.name, *self.files.members.values())
        return cached(key, lambda: self._decode(folder))

    def _decode(self, folder: Path) -> Decoded:
        members = self.files.load(folder)
        return Decoded(self.classes, self._split(members, self.train), self._split(members, self.test))

    def _split(self, members: dict[str, bytes], names: tuple[str, ...]) -> Split:
        parts = [self._part(parse_pickle(members[name], name), name) for name in names]
        return Split(np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts]))

    def _part(self, document: dict[str, Any], name: str) -> Split:
        """Rows of 3,072 numbers, channel after channel, to `[N, H, W, C]`."""
        data, labels = document.get("data"), document.get(self.label_key)
        if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != 3072:
            raise DataError(f"{name}: 'data' is not uint8 [N, 3072]; fetch the official file")
        if (
            not isinstance(labels, list)
            or len(labels) != len(data)
            or not all(type(label) is int and 0 <= label < len(self.classes) for label in labels)
        ):
            raise DataError(f"{name}: {self.label_key!r} is not {len(data)} labels; fetch the official file")
        images = data.reshape(-1, 3, _PIXELS, _PIXELS).transpose(0, 2, 3, 1)  # [N, C, H, W] -> [N, H, W, C]
        return Split(np.ascontiguousarray(images), np.array(labels, dtype=np.int64))


CIFAR10_SOURCE = Cifar(
    name="cifar10",
    description="60,000 photographs of 32x32, 10 classes",
    files=CIFAR10_FILES,
    train=tuple(f"data_batch_{number}" for number in range(1, 6)),
    test=("test_batch",),
    label_key="labels",
    classes=CIFAR10,
    groups={},
    counts=(5000, 1000),
)
CIFAR100_SOURCE = Cifar(
    name="cifar100",
    description="60,000 photographs of 32x32, 100 classes in 20 superclasses",
    files=CIFAR100_FILES,
    train=("train",),
    test=("test",),
    label_key="fine_labels",
    classes=CIFAR100,
    groups=CIFAR100_SUPERCLASSES,
    counts=(500, 100),
)
