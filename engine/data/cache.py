"""Decoded images as `.npy` files, mapped into memory; never trusted after their source changed.

They lie in the user's cache, not beside the source, which may be read-only. The key holds the name, size,
times and inode of every source file, so that a changed source is another key.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Split
from engine.data.source import Decoded
from engine.documents import DocumentError, parse_document

_VERSION = 1
_ARRAYS = ("train.images", "train.labels", "test.images", "test.labels")


def cache_home() -> Path:
    """`$XDG_CACHE_HOME/cnnlab`, or `~/.cache/cnnlab`."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "cnnlab"


def default_data_dir() -> Path:
    """Where data sets are fetched to, and looked for: `$CNNLAB_DATA`, or a folder in the user's cache."""
    given = os.environ.get("CNNLAB_DATA")
    return Path(given) if given else cache_home() / "data"


def source_key(files: Iterable[Path], *details: object) -> str:
    """A key that changes with any of these files, and with `details`."""
    marks: list[Any] = [_VERSION, *map(str, details)]
    for file in files:
        status = file.stat()
        mark = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)
        marks.append([str(file.resolve()), *mark])
    return hashlib.sha256(json.dumps(marks).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def cached(key: str, decode: Callable[[], Decoded]) -> Decoded:
    """The decoded data set of this key, decoded and written if it is not there.

    Where the cache cannot be written, the images stay in memory.
    """
    folder = cache_home() / "decoded" / key
    found = _load(folder)
    if found is not None:
        return found
    decoded = decode()
    try:
        _save(folder, decoded)
    except OSError:
        return decoded  # a cache that cannot be written costs time, nothing else
    return _load(folder) or decoded


def _save(folder: Path, decoded: Decoded) -> None:
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = folder.with_name(f".new-{secrets.token_hex(6)}")
    temporary.mkdir(mode=0o700)
    try:
        arrays: list[NDArray[Any]] = [
            decoded.train.images,
            decoded.train.labels,
            decoded.test.images,
            decoded.test.labels,
        ]
        sizes = {}
        for name, array in zip(_ARRAYS, arrays, strict=True):
            path = temporary / f"{name}.npy"
            np.save(path, array, allow_pickle=False)
            sizes[name] = path.stat().st_size
        about = {"classes": list(decoded.classes), "notices": list(decoded.notices), "sizes": sizes}
        (temporary / "about.json").write_text(json.dumps(about))
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _load(folder: Path) -> Decoded | None:
    try:
        about = parse_document((folder / "about.json").read_bytes())
        arrays = []
        for name in _ARRAYS:
            path = folder / f"{name}.npy"
            if path.stat().st_size != about["sizes"][name]:
                return None
            arrays.append(np.load(path, mmap_mode="r", allow_pickle=False))
        train, test = Split(arrays[0], np.array(arrays[1])), Split(arrays[2], np.array(arrays[3]))
        return Decoded(tuple(about["classes"]), train, test, tuple(about["notices"]))
    except (OSError, DocumentError, KeyError, ValueError, TypeError):
        return None  # not there, or not whole: decoded anew
