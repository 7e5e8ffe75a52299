"""`folder`: a user's own images, a folder a class."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.cache import cached, source_key
from engine.data.dataset import Split
from engine.data.pictures import PictureError, load_picture
from engine.data.source import Decoded
from engine.data.splits import stratified
from engine.errors import DataError, RequestError
from engine.text import clean

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
_MOST_NAMED = 10  # broken images in one message
_TEST_FRACTION, _TEST_SEED = 0.2, 0  # fixed for ever: every run has the same test images


@dataclass(frozen=True)
class _Listing:
    """The image files of one tree `root/<class>/*`, sorted."""

    classes: tuple[str, ...]
    files: tuple[tuple[Path, ...], ...]

    def all_files(self) -> Iterator[Path]:
        for files in self.files:
            yield from files


class Folder:
    """`root/<class>/*.png` (jpg, webp, …), optionally below `root/train` and `root/test`."""

    name = "folder"
    description = "your own images, a folder a class: --data-dir DIR"

    def class_names(self, data_dir: Path | None) -> Sequence[str]:
        return _list(_train_root(_root(data_dir))).classes

    def superclasses(self) -> dict[str, tuple[str, ...]]:
        return {}

    def find(self, data_dir: Path | None) -> str | None:
        return None

    def decode(self, data_dir: Path | None, image_size: int, skip_broken: bool) -> Decoded:
        root = _root(data_dir)
        train = _list(_train_root(root))
        test = _list(root / "test") if (root / "test").is_dir() and _train_root(root) != root else None
        if test is not None and (foreign := sorted(set(test.classes) - set(train.classes))):
            names = ", ".join(map(clean, foreign))
            raise DataError(f"{clean(root / 'test')}: {names} is not in {clean(root / 'train')}")
        files = [*train.all_files(), *(test.all_files() if test else ())]
        key = source_key(files, self.name, image_size, skip_broken, *train.classes, *(test.classes if test else ()))
        return cached(key, lambda: _decode(train, test, image_size, skip_broken))


def _root(data_dir: Path | None) -> Path:
    if data_dir is None:
        raise RequestError("folder: give the folder of the images with --data-dir", field="dataset.name")
    if not data_dir.is_dir():
        raise DataError(f"{clean(data_dir)}: there is no such folder; it must hold a folder of images a class")
    return data_dir


def _train_root(root: Path) -> Path:
    return root / "train" if (root / "train").is_dir() and (root / "test").is_dir() else root


def _list(root: Path) -> _Listing:
    """Sorted classes and files. Hidden entries and links that lead out of `root` are passed over."""
    home = root.resolve()
    folders = sorted(
        (entry for entry in _scan(root) if _is_there(entry, home) and entry.is_dir()), key=lambda entry: entry.name
    )
    found = []
    for folder in folders:
        if any("\ud800" <= letter <= "\udfff" for letter in folder.name):
            raise DataError(f"{clean(folder.path)}: a class name that is not UTF-8; rename the folder")
        inside = _scan(Path(folder.path))
        files = (Path(entry.path) for entry in inside if _is_there(entry, home) and entry.is_file())
        found.append((folder.name, tuple(sorted(file for file in files if file.suffix.lower() in SUFFIXES))))
    if not any(files for _, files in found):
        kinds = ", ".join(suffix[1:] for suffix in SUFFIXES[:4])
        raise DataError(f"{clean(root)}: no images; it must hold a folder a class, with images ({kinds}, …) in it")
    return _Listing(tuple(name for name, _ in found), tuple(files for _, files in found))


def _is_there(entry: os.DirEntry[str], home: Path) -> bool:
    """Whether it is below `home`, where links may lead but not out of it, nor in circles."""
    if not entry.is_symlink():
        return True
    try:
        return Path(entry.path).resolve(strict=True).is_relative_to(home)
    except (OSError, RuntimeError):  # a circle is a RuntimeError before Python 3.13
        return False


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise DataError(f"{clean(folder)}: cannot be read ({error.strerror}); see its owner and mode") from error


def _decode(train: _Listing, test: _Listing | None, image_size: int, skip_broken: bool) -> Decoded:
    skipped: list[str] = []
    images, labels = _load(train, train.classes, image_size, skip_broken, skipped)
    whole = Split(images, labels)
    if test is not None:
        test_split = Split(*_load(test, train.classes, image_size, skip_broken, skipped))
        return Decoded(train.classes, whole, test_split, tuple(skipped))
    kept, held = stratified(labels, _TEST_FRACTION, _TEST_SEED)
    return Decoded(train.classes, whole.take(kept), whole.take(held), tuple(skipped))


def _load(
    listing: _Listing, classes: Sequence[str], image_size: int, skip_broken: bool, skipped: list[str]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images, labels, broken = [], [], list[str]()
    for name, files in zip(listing.classes, listing.files, strict=True):
        for file in files:
            try:
                images.append(load_picture(file, image_size, image_size))
            except PictureError as error:
                broken.append(str(error))
                continue
            labels.append(classes.index(name))
    if broken and not skip_broken:
        more = f"\nand {len(broken) - _MOST_NAMED} more" if len(broken) > _MOST_NAMED else ""
        advice = "mend it, or skip such files: --set dataset.skip_broken=true"
        raise DataError("\n".join(f"{problem}; {advice}" for problem in broken[:_MOST_NAMED]) + more)
    skipped += [f"skipped {problem}" for problem in broken]
    shape = (0, image_size, image_size, 3)
    stacked = np.stack(images) if images else np.zeros(shape, dtype=np.uint8)
    return stacked, np.array(labels, dtype=np.int64)
