"""The known members of an official archive, or of the folder it unpacks to; nothing is ever extracted to disk."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from engine.errors import DataError, RefusedError
from engine.store.files import read_file
from engine.text import clean

_MEMBER_BYTES = _UNPACKED_BYTES = 512 << 20
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class ArchiveFiles:
    """An official archive.

    Args:
        data_set: its name, `cifar100`.
        folder: what it unpacks to, and where its members lie in it.
        archive: its file name.
        url: where it is fetched.
        md5, size_bytes: of the archive.
        members: MD5 by name, of what is read from it.
    """

    data_set: str
    folder: str
    archive: str
    url: str
    md5: str
    size_bytes: int
    members: Mapping[str, str]

    def locate(self, data_dir: Path) -> Path | None:
        """The unpacked folder, or the archive, in `data_dir`, which may also be either itself."""
        if data_dir.is_file():
            return data_dir
        for place in (data_dir / self.folder, data_dir, data_dir / self.archive):
            if place.is_file() or (place.is_dir() and all((place / name).is_file() for name in self.members)):
                return place
        unpacked = data_dir / self.folder
        return unpacked if unpacked.is_dir() else None

    def source_files(self, data_dir: Path) -> list[Path]:
        """The files whose change makes what was decoded from them worthless.

        Raises:
            DataError: if there are none.
        """
        place = self.locate(data_dir)
        if place is None:
            raise DataError(
                f"{self.data_set}: neither {self.folder}/ nor {self.archive} is in {clean(data_dir)}; "
                f"{self._remedy} or give --data-dir"
            )
        if place.is_file():
            return [place]
        missing = [name for name in self.members if not (place / name).is_file()]
        if missing:
            raise DataError(f"{clean(place)}: {', '.join(missing)} missing; {self._remedy}")
        return [place / name for name in self.members]

    def load(self, data_dir: Path) -> dict[str, bytes]:
        """The members by name, each checked.

        Raises:
            DataError: naming the file that is missing, cut short or altered, with the hash expected and got.
        """
        files = self.source_files(data_dir)
        if len(files) == 1:
            found = self._load_archive(files[0])
            place = clean(files[0])
        else:
            found = {file.name: _load(file) for file in files}
            place = clean(files[0].parent)
        for name, expected in self.members.items():
            got = hashlib.md5(found[name], usedforsecurity=False).hexdigest()
            if got != expected:
                raise DataError(f"{place}: {name} is altered: MD5 {got}, expected {expected}; {self._remedy}")
        return found

    def _load_archive(self, path: Path) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        wanted = {f"{self.folder}/{name}": name for name in self.members}
        try:
            with _unpacked(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    name = wanted.get(member.name.removeprefix("./"))
                    if name is None or not member.isreg() or name in found:
                        continue
                    if member.size > _MEMBER_BYTES:
                        raise DataError(f"{clean(path)}: {name} claims {member.size:,} bytes; refused")
                    file = archive.extractfile(member)
                    found[name] = file.read(member.size) if file else b""
                    if len(found) == len(wanted):
                        break
        except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
            raise DataError(f"{clean(path)}: cut short or altered ({clean(error)}); {self._remedy}") from error
        missing = [name for name in self.members if name not in found]
        if missing:
            raise DataError(f"{clean(path)}: {', '.join(missing)} is not in it; {self._remedy}")
        return found

    @property
    def _remedy(self) -> str:
        return f"fetch it: cnnlab data fetch {self.data_set}"


class _Unpacked(io.RawIOBase):
    """What a packed file unpacks to, up to a bound: a few kilobytes may claim to be a terabyte."""

    def __init__(self, packed: IO[bytes] | gzip.GzipFile, place: str) -> None:
        self._packed, self._place, self._left = packed, place, _UNPACKED_BYTES

    def read(self, size: int = -1) -> bytes:
        data = self._packed.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise DataError(f"{self._place}: unpacks to more than {_UNPACKED_BYTES >> 20:,} MiB; refused")
        return data


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        is_packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        yield cast(IO[bytes], _Unpacked(gzip.GzipFile(fileobj=file) if is_packed else file, clean(path)))


def _load(path: Path) -> bytes:
    try:
        return read_file(path.resolve(), max_bytes=_MEMBER_BYTES)
    except (FileNotFoundError, RefusedError) as error:
        raise DataError(f"{clean(path)}: cannot be read; see its owner and mode") from error
