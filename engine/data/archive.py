"""The known members of an official archive, or of the folder it unpacks to; nothing is ever extracted to disk."""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import DataError, RefusedError
from engine.store.files import read_file
from engine.text import clean

_MEMBER_BYTES = 512 << 20


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
        if len(files) == 1 and files[0].name not in self.members:
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
            with tarfile.open(path, "r|*") as archive:
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


def _load(path: Path) -> bytes:
    try:
        return read_file(path.resolve(), max_bytes=_MEMBER_BYTES)
    except (FileNotFoundError, RefusedError) as error:
        raise DataError(f"{clean(path)}: cannot be read; see its owner and mode") from error
