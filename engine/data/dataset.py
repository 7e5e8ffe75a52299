"""What every source gives: images and labels by split, the classes, and what normalises them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_IMAGES_AT_ONCE = 4096


@dataclass(frozen=True)
class Split:
    """One split, in data-set order.

    Args:
        images: uint8 `[N, H, W, C]`.
        labels: int64 `[N]`, 0 … K - 1.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64]) -> Split:
        """The images in these rows."""
        return Split(self.images[rows], self.labels[rows])


@dataclass(frozen=True)
class LazySplit:
    """Images that are still where they were decoded to.

    Args:
        images: uint8 `[M, H, W, C]` of the whole data set, maybe mapped from a file.
        rows: int64 `[N]`, which of them are in the split, in data-set order.
        labels: int64 `[N]`, 0 … K - 1.
    """

    images: NDArray[np.uint8]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]

    def take(self, places: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images at these places of the split, uint8 `[n, H, W, C]`; only these are read."""
        return np.ascontiguousarray(self.images[self.rows[places]])

    def load(self) -> Split:
        """All of them."""
        return Split(np.ascontiguousarray(self.images[self.rows]), self.labels)

    def part(self, places: NDArray[np.int64]) -> LazySplit:
        """The split of these places alone."""
        return LazySplit(self.images, self.rows[places], self.labels[places])


@dataclass(frozen=True)
class ImageDataset:
    """The images that an experiment chose.

    Args:
        name: of the data set.
        classes: names, in the order of the labels.
        train, validation, test: validation may be empty, or the test split itself.
        mean, std: float32 `[C]`, of the training split in units of [0, 1].
        test_sha256: over the test images, labels and class names: equal where runs can be compared.
        selected_on: what the best epoch is chosen on: `validation`, `test`, or `last` where there is nothing.
        notices: what a user should know of these data.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    test_sha256: str
    selected_on: str
    notices: tuple[str, ...] = ()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(H, W, C)` of one image."""
        height, width, channels = self.train.images.shape[1:]
        return height, width, channels


def channel_statistics(images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each channel, float32 `[C]`, in units of [0, 1].

    Counted from a histogram of the 256 values, so that they are exact, whatever the order of the images.
    A constant channel gets the standard deviation 1.
    """
    channels = images.shape[3]
    counts = np.zeros((channels, 256), dtype=np.int64)
    for start in range(0, len(images), _IMAGES_AT_ONCE):
        part = images[start : start + _IMAGES_AT_ONCE]
        for channel in range(channels):
            counts[channel] += np.bincount(part[..., channel].ravel(), minlength=256)
    values = np.arange(256, dtype=np.int64)
    total = counts.sum(1)
    sums, squares = counts @ values, counts @ values**2
    mean = sums / total
    std = np.sqrt(np.maximum(squares / total - mean**2, 0.0))
    std[counts.max(1) == total] = 255.0
    return (mean / 255).astype(np.float32), (std / 255).astype(np.float32)


def split_sha256(split: Split, classes: Sequence[str]) -> str:
    """SHA-256 over a split's images, labels and class names."""
    digest = hashlib.sha256()
    digest.update(f"{split.images.shape}\n".encode())
    digest.update(split.images.tobytes())
    digest.update(split.labels.astype("<i8").tobytes())
    digest.update("\0".join(classes).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
