"""A miniature of the CIFAR-100 archive, with checksums of its own."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import tarfile
from pathlib import Path

import numpy as np

from engine.data.archive import ArchiveFiles
from engine.data.cifar import Cifar

CLASSES = ("ant", "bee", "cat")


def members(seed: int = 0) -> dict[str, bytes]:
    """Pickles of 30 train and 15 test images, as the official files are written."""
    random = np.random.default_rng(seed)
    files = {}
    for name, count in (("train", 30), ("test", 15)):
        labels = [int(k) for k in np.arange(count) % 3]
        data = random.integers(0, 256, (count, 3072), dtype=np.uint8)
        document = {b"data": data, b"fine_labels": labels, b"filenames": [b"x.png"] * count}
        files[name] = pickle.dumps(document, protocol=2)
    return files


def archive_bytes(files: dict[str, bytes], folder: str = "small-python") -> bytes:
    """A .tar.gz of these members, with others around them."""
    plain = io.BytesIO()
    entries = {"../outside": b"x", f"{folder}/meta": b"m", **{f"{folder}/{name}": data for name, data in files.items()}}
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, data in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)


def small_cifar(files: dict[str, bytes], url: str = "http://127.0.0.1:9/none") -> Cifar:
    """The source of such a miniature."""
    data = archive_bytes(files)
    about = ArchiveFiles(
        data_set="cifar100",
        folder="small-python",
        archive="small-python.tar.gz",
        url=url,
        md5=hashlib.md5(data).hexdigest(),
        size_bytes=len(data),
        members={name: hashlib.md5(content).hexdigest() for name, content in files.items()},
    )
    return Cifar("cifar100", "a miniature", about, ("train",), ("test",), "fine_labels", CLASSES, {}, (10, 5))


def unpack(files: dict[str, bytes], folder: Path) -> Path:
    """The unpacked folder, in `folder`."""
    place = folder / "small-python"
    place.mkdir(parents=True)
    for name, data in files.items():
        (place / name).write_bytes(data)
    return folder
