"""Fetching an official archive: resumed where it was cut, checked before it counts, by one process at a time."""

from __future__ import annotations

import errno
import hashlib
import http.client
import math
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from engine.data.archive import ArchiveFiles
from engine.data.cifar import CIFAR10_FILES, CIFAR100_FILES
from engine.data.part_file import drop_empty, held_part
from engine.errors import DataError, RequestError, suggestion
from engine.store.files import explained
from engine.text import clean

ARCHIVES = {files.data_set: files for files in (CIFAR10_FILES, CIFAR100_FILES)}
_PART_BYTES = 1 << 16
_TRIES = 5
_TIMEOUT_SECONDS = 30.0
_PATIENCE_SECONDS = 1.0
_LOOK_SECONDS = 0.25

Progress = Callable[[int, int, str], None]


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
        progress: called with bytes so far, bytes in all and, while a cut connection is waited for, why and when it is
            tried again (else ""); also while another process fetches it. What it raises ends the fetch, and what is
            here is kept.
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
    if _is_whole(target, files):
        return target
    part = target.with_name(f"{target.name}.part")
    tell = progress or (lambda done, total, trouble: None)
    with explained(part):
        data_dir.mkdir(parents=True, exist_ok=True)
        if not os.access(data_dir, os.W_OK | os.X_OK):  # said before the network is asked
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(data_dir))
        with held_part(part, lambda have: tell(min(have, files.size_bytes), files.size_bytes, "")):
            try:
                if not _is_whole(target, files):  # else another process has just fetched it
                    _download(url or files.url, part, files.size_bytes, tell, patience_seconds)
                    _keep(part, target, files)
            finally:
                drop_empty(part)
    return target


def _is_whole(target: Path, files: ArchiveFiles) -> bool:
    return target.is_file() and target.stat().st_size == files.size_bytes and _md5(target) == files.md5


def _keep(part: Path, target: Path, files: ArchiveFiles) -> None:
    got = _md5(part)
    if got != files.md5:
        part.unlink()
        raise DataError(
            f"{clean(target)}: MD5 {got}, expected {files.md5}: altered on its way, and thrown away; "
            f"try again: cnnlab data fetch {files.data_set}"
        )
    part.replace(target)


def _download(url: str, part: Path, size: int, tell: Progress, patience_seconds: float) -> None:
    """Fill `part` up to `size` bytes, going on where it ends after each cut."""
    problem = ""
    for attempt in range(_TRIES):
        have = part.stat().st_size
        if have > size:
            os.truncate(part, 0)
            have = 0
        if attempt:
            again = f"{problem}, try {attempt + 1} of {_TRIES}"
            _wait(patience_seconds * 2 ** (attempt - 1), again, partial(tell, have, size))
        if have == size:
            return
        try:
            _receive(url, part, have, size, tell)
        except urllib.error.HTTPError as error:
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                os.truncate(part, 0)
            elif error.code < http.client.INTERNAL_SERVER_ERROR:
                raise DataError(f"{clean(url)}: the server says {error.code} {clean(error.reason)}") from error
            problem = f"the server says {error.code}"
        except urllib.error.URLError as error:
            problem = _no_connection(error.reason)
        except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
            problem = f"the connection was cut ({clean(error) or type(error).__name__})"
        else:
            problem = "the connection was cut"
            if part.stat().st_size == size:
                return
    raise DataError(
        f"{clean(url)}: {problem} after {_TRIES} tries; {part.stat().st_size:,} of {size:,} bytes are kept and gone on "
        "with the next time; see the network and the proxy, or fetch the file elsewhere and give --data-dir"
    )


def _no_connection(reason: object) -> str:
    if isinstance(reason, socket.gaierror):
        return "no network (name lookup failed)"
    return f"no connection ({clean(getattr(reason, 'strerror', None) or reason)})"


def _wait(seconds: float, again: str, tell: Callable[[str], None]) -> None:
    """Sleep, but say now and then what for and how long: whoever listens may want it to end."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        tell(f"{again} in {math.ceil(left)} s")
        time.sleep(min(left, _LOOK_SECONDS))
    tell(f"{again} now")


def _receive(url: str, part: Path, have: int, size: int, tell: Progress) -> None:
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
        if have and not _goes_on(answer, have):
            have = 0  # the server began anew
        with part.open("r+b") as file:
            file.seek(have)
            file.truncate()
            while data := answer.read1(min(_PART_BYTES, size - have + 1)):  # what is there: a slow line is heard too
                file.write(data)
                have += len(data)
                tell(min(have, size), size, "")
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
