"""Fetching an official archive: resumed where it was cut, checked before it counts."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.data.archive import ArchiveFiles
from engine.data.cifar import CIFAR10_FILES, CIFAR100_FILES
from engine.errors import DataError, RequestError, suggestion
from engine.store.files import explained
from engine.text import clean

ARCHIVES = {files.data_set: files for files in (CIFAR10_FILES, CIFAR100_FILES)}
_PART_BYTES = 1 << 16
_TRIES = 5
_TIMEOUT_SECONDS = 30.0
_PATIENCE_SECONDS = 1.0

Progress = Callable[[int, int], None]


def fetch_dataset(
    name: str,
    data_dir: Path,
    *,
    progress: Progress | None = None,
    url: str | None = None,
    patience_seconds: float = _PATIENCE_SECONDS,
) -> Path:
    """Fetch the archive of a data set, unless it is there and whole.

    Args:
        progress: called with bytes so far and bytes in all.
        url: another place to fetch it from.
        patience_seconds: before the first new try after a cut; doubled with each.

    Returns:
        The archive.

    Raises:
        RequestError: for a data set that is not fetched.
        DataError: no network, a server that refuses, or another checksum than the official one.
        StorageFullError: if there is no room; what was fetched is kept, and gone on with the next time.
    """
    if name not in ARCHIVES:
        near = suggestion(name, ARCHIVES)
        known = ", ".join(ARCHIVES)
        raise RequestError(f"{clean(name)!r} cannot be fetched; {known} can{near}", field="dataset.name")
    return fetch_archive(ARCHIVES[name], data_dir, progress=progress, url=url, patience_seconds=patience_seconds)


def fetch_archive(
    files: ArchiveFiles,
    data_dir: Path,
    *,
    progress: Progress | None = None,
    url: str | None = None,
    patience_seconds: float = _PATIENCE_SECONDS,
) -> Path:
    """As `fetch_dataset`, for an archive that need not be an official one."""
    target = data_dir / files.archive
    if target.is_file() and target.stat().st_size == files.size_bytes and _md5(target) == files.md5:
        return target
    part = target.with_name(f"{target.name}.part")
    with explained(part):
        data_dir.mkdir(parents=True, exist_ok=True)
        if not os.access(data_dir, os.W_OK | os.X_OK):  # said before the network is asked
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(data_dir))
        _download(url or files.url, part, files.size_bytes, progress, patience_seconds)
        got = _md5(part)
        if got != files.md5:
            part.unlink()
            raise DataError(
                f"{clean(target)}: MD5 {got}, expected {files.md5}: altered on its way, and thrown away; "
                f"try again: cnnlab data fetch {files.data_set}"
            )
        part.replace(target)
    return target


def _download(url: str, part: Path, size: int, progress: Progress | None, patience_seconds: float) -> None:
    """Fill `part` up to `size` bytes, going on where it ends after each cut."""
    problem = ""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(patience_seconds * 2 ** (attempt - 1))
        have = part.stat().st_size if part.exists() else 0
        if have > size:
            part.unlink()
            have = 0
        if have == size:
            return
        try:
            _receive(url, part, have, size, progress)
        except urllib.error.HTTPError as error:
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink(missing_ok=True)
            elif error.code < http.client.INTERNAL_SERVER_ERROR:
                raise DataError(f"{clean(url)}: the server says {error.code} {clean(error.reason)}") from error
            problem = f"the server says {error.code}"
        except urllib.error.URLError as error:
            problem = f"no connection ({clean(error.reason)})"
        except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
            problem = f"the connection was cut ({clean(error) or type(error).__name__})"
        else:
            problem = "the connection was cut"
            if part.stat().st_size == size:
                return
    have = part.stat().st_size if part.exists() else 0
    raise DataError(
        f"{clean(url)}: {problem} after {_TRIES} tries; {have:,} of {size:,} bytes are kept and gone on with the "
        "next time; see the network and the proxy, or fetch the file elsewhere and give --data-dir"
    )


def _receive(url: str, part: Path, have: int, size: int, progress: Progress | None) -> None:
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
        if have and not _goes_on(answer, have):
            have = 0  # the server began anew
        with part.open("r+b" if have else "wb") as file:
            file.seek(have)
            while data := answer.read(min(_PART_BYTES, size - have + 1)):
                file.write(data)
                have += len(data)
                if progress:
                    progress(min(have, size), size)
                if have > size:
                    break
            file.flush()
            os.fsync(file.fileno())


def _goes_on(answer: Any, have: int) -> bool:
    return answer.status == http.client.PARTIAL_CONTENT and str(answer.headers["Content-Range"]).startswith(
        f"bytes {have}-"
    )


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
