"""Files replaced whole or appended by whole lines, so that no crash leaves half of anything."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.documents import DocumentError, parse_document
from engine.errors import FULL, REFUSED, DataError, RefusedError, RequestError, StorageFullError
from engine.store.chance import random_hex
from engine.text import clean

FILE_MODE, FOLDER_MODE = 0o600, 0o700
TEMPORARY = ".tmp-"
_STRANGE = {errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENOTDIR, errno.EEXIST}  # another kind of thing is in the way
_MAKE = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def replace_file(path: Path, data: bytes, *, sync: bool = True, keep_as: Path | None = None) -> None:
    """Replace a file as one step: temporary file in its folder, flush, fsync, rename, fsync of the folder.

    Args:
        sync: False leaves both fsyncs out, for what may be lost in a power cut.
        keep_as: what the file was before is kept under this name.

    Raises:
        StorageFullError: if there is no room; the old file stays.
        RefusedError: if the folder cannot be written.
    """
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{random_hex(4)}")
    with explained(path):
        try:
            descriptor = os.open(temporary, _MAKE | os.O_EXCL | os.O_WRONLY, FILE_MODE)
            try:
                _write_all(descriptor, data)
                if sync:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if keep_as is not None:
                with suppress(FileNotFoundError):
                    path.replace(keep_as)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        if sync:
            sync_folder(path.parent)


def append_lines(path: Path, lines: bytes) -> None:
    """Append whole lines with one write; where that fails half way, the file is as it was before.

    Raises:
        StorageFullError, RefusedError: as `replace_file`.
    """
    with explained(path):
        descriptor = open_to_write(path, os.O_APPEND)
        try:
            size = os.fstat(descriptor).st_size
            try:
                _write_all(descriptor, lines)
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)


def open_to_write(path: Path, flags: int = 0) -> int:
    """A descriptor of a regular file, made where there is none. Links are not followed, and a pipe does not block.

    Args:
        flags: of `os.open`, besides those for writing.

    Raises:
        RefusedError: if something else is in its place, or the file has another name, through which it would change.
        StorageFullError: if there is no room to make it.
    """
    with explained(path):
        descriptor = os.open(path, _MAKE | os.O_RDWR | os.O_NONBLOCK | flags, FILE_MODE)
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_nlink <= 1:
        return descriptor
    os.close(descriptor)
    what = "has another name (a hard link)" if stat.S_ISREG(status.st_mode) else "is not a regular file"
    raise RefusedError(f"{clean(path)} {what}, and is not written; move it away")


def read_file(path: str | os.PathLike[str], *, max_bytes: int) -> bytes:
    """The bytes of a regular file; errors as `open_regular`."""
    return read_file_and_status(path, max_bytes=max_bytes)[0]


def read_file_and_status(path: str | os.PathLike[str], *, max_bytes: int) -> tuple[bytes, os.stat_result]:
    """As `read_file`, with the status of the very file that was read."""
    with open_regular(path, max_bytes=max_bytes) as descriptor:
        status = os.fstat(descriptor)
        return _read_all(descriptor, status.st_size), status  # not max_bytes: a buffer of that size would be made


@contextmanager
def open_regular(path: str | os.PathLike[str], *, max_bytes: int) -> Iterator[int]:
    """The descriptor of a regular file, to read. Links are not followed, and a pipe does not block.

    Raises:
        FileNotFoundError: if there is none.
        DataError: if it is no regular file, or larger than `max_bytes`.
        RefusedError: if it may not be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except OSError as error:
        if error.errno in REFUSED:
            raise RefusedError(f"{clean(path)}: no permission to read it; see its owner and mode") from error
        what = "is a link; links are not followed" if error.errno == errno.ELOOP else f"{error.strerror}"
        raise DataError(f"{clean(path)}: {what}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{clean(path)}: not a regular file")
        if status.st_size > max_bytes:
            raise DataError(f"{clean(path)}: {status.st_size:,} bytes; more than {max_bytes:,} is not read")
        yield descriptor
    except OSError as error:
        raise DataError(f"{clean(path)}: {error.strerror}") from error
    finally:
        os.close(descriptor)


def load_document(path: Path, *, max_bytes: int) -> Any | None:
    """The JSON object in a file; None where the file is missing or holds something else."""
    try:
        document = parse_document(read_file(path, max_bytes=max_bytes))
    except (FileNotFoundError, DataError, RefusedError, DocumentError):
        return None
    return document if isinstance(document, dict) else None


def check_target(path: Path, field: str) -> None:
    """See that a file can be written there, before any work is done for it.

    Raises:
        RequestError: if it is a folder or a device, or its folder is not there.
        RefusedError: if its folder is read-only.
    """
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir():
        raise RequestError(f"{clean(path)}: no file can be there; give a name in a folder that exists", field=field)
    if path.exists() and not path.is_file():
        raise RequestError(f"{clean(path)}: is no regular file, and would be replaced; give another name", field=field)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RefusedError(f"{clean(folder)}: is read-only; give a name in another folder", field=field)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Errors of the operating system about `path` in our words."""
    try:
        yield
    except OSError as error:
        place = clean(error.filename or path)
        if error.errno in FULL:
            reason = {errno.EDQUOT: "disk quota used up", errno.EFBIG: "file size limit reached"}
            what = reason.get(error.errno or 0, "disk full")
            raise StorageFullError(f"{what}: {clean(path)}; make room: cnnlab prune --trash --checkpoints") from error
        if error.errno in REFUSED:
            why = "read-only file system" if error.errno == errno.EROFS else "no permission"
            raise RefusedError(f"{place}: cannot be written ({why}); give another folder with --runs") from error
        if error.errno in _STRANGE:
            raise RefusedError(f"{place}: cannot be written ({error.strerror}); move it away") from error
        raise


def _read_all(descriptor: int, size: int) -> bytes:
    parts = [os.read(descriptor, size)]
    while parts[-1] and (left := size - sum(map(len, parts))):
        parts.append(os.read(descriptor, left))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
