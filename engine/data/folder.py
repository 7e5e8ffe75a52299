"""`folder`: a user's own images, a folder a class."""

from __future__ import annotations

import os
import stat
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
_ASTRAY = "a link that leads nowhere, or out of the folder"
_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
          (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))  # fmt: skip
_TEST_FRACTION, _TEST_SEED = 0.2, 0  # fixed for ever: every run has the same test images


@dataclass(frozen=True)
class _Listing:
    """The image files of one tree `root/<class>/*`, sorted; why what is called so is none; folders too deep."""

    classes: tuple[str, ...]
    files: tuple[tuple[Path, ...], ...]
    misfits: tuple[str, ...]
    deeper: tuple[str, ...]

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
            raise DataError(
                f"{clean(root / 'test')}: {names} is not in {clean(root / 'train')}; add images, or leave it out"
            )
        files = [*train.all_files(), *(test.all_files() if test else ())]
        told = [text for tree in (train, test) if tree for text in (*tree.classes, *tree.misfits, *tree.deeper)]
        key = source_key(files, self.name, image_size, skip_broken, *told)
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
    """Sorted classes and files. Hidden entries and files of other kinds are passed over; links may not lead out."""
    home = root.resolve()
    classes, found = list[str](), list[tuple[Path, ...]]()
    misfits, deeper = list[str](), list[str]()
    for folder in sorted(_scan(root), key=lambda entry: entry.name):
        if not _is_below(folder, home):
            misfits.append(f"{clean(folder.path)}: {_ASTRAY}")
            continue
        if not folder.is_dir():
            continue
        if any("\ud800" <= letter <= "\udfff" for letter in folder.name):
            raise DataError(f"{clean(folder.path)}: a class name that is not UTF-8; rename the folder")
        files = []
        for entry in sorted(_scan(Path(folder.path)), key=lambda entry: entry.name):
            if not entry.name.lower().endswith(SUFFIXES):
                if entry.is_dir():
                    deeper.append(
                        f"{clean(entry.path)}: a folder inside a class; move its images up, or make it a class"
                    )
                continue
            wrong = _why_no_file(entry, home)
            if wrong:
                misfits.append(f"{clean(entry.path)}: {wrong}")
            else:
                files.append(Path(entry.path))
        classes.append(folder.name)
        found.append(tuple(files))
    if not any(found) and not misfits:
        kinds = ", ".join(suffix[1:] for suffix in SUFFIXES[:4])
        must = f"it must hold a folder a class, with images ({kinds}, …) in it"
        if (root / "train").is_dir():  # train/ and val/, say: only the pair train/ and test/ is read as two splits
            must = f"train/ needs test/ beside it; name the other one so, or give --data-dir {clean(root / 'train')}"
        raise DataError(f"{clean(root)}: no images; {must}")
    return _Listing(tuple(classes), tuple(found), tuple(misfits), tuple(deeper))


def _is_below(entry: os.DirEntry[str], home: Path) -> bool:
    """Whether it lies below `home`, where links may lead but not out of it, nor in circles."""
    if not entry.is_symlink():
        return True
    try:
        return Path(entry.path).resolve(strict=True).is_relative_to(home)
    except (OSError, RuntimeError):  # a circle is a RuntimeError before Python 3.13
        return False


def _why_no_file(entry: os.DirEntry[str], home: Path) -> str | None:
    """Why what is called like an image cannot be one, without opening it: a pipe would never answer."""
    if not _is_below(entry, home):
        return _ASTRAY
    if entry.is_file():
        return None
    mode = entry.stat().st_mode
    return next((f"{words}, not an image" for is_kind, words in _KINDS if is_kind(mode)), "not a file")


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
    images, labels, broken = [], [], list(listing.misfits)
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
    skipped += [f"skipped {problem}" for problem in (*broken, *listing.deeper)]
    shape = (0, image_size, image_size, 3)
    stacked = np.stack(images) if images else np.zeros(shape, dtype=np.uint8)
    return stacked, np.array(labels, dtype=np.int64)
