"""Fetching, from a server that cuts, corrupts, refuses and forgets."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.data.archive import ArchiveFiles
from engine.data.fetch import fetch_archive, fetch_dataset
from engine.errors import DataError, RequestError, StorageFullError
from tests.unit.data.small_cifar import archive_bytes, members, small_cifar

DATA = archive_bytes(members())


class Server:
    """Serves DATA as `behaviour` says: a list of what to do with each request, the last one for all that follow."""

    def __init__(self) -> None:
        self.behaviour: list[str] = ["serve"]
        self.ranges: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.ranges.append(self.headers.get("Range"))
                how = outer.behaviour.pop(0) if len(outer.behaviour) > 1 else outer.behaviour[0]
                outer.answer(self, how)

            def log_message(self, *args: object) -> None:
                """Nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/small-python.tar.gz"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @staticmethod
    def answer(request: BaseHTTPRequestHandler, how: str) -> None:
        if how.isdecimal():
            request.send_error(int(how))
            return
        wished = request.headers.get("Range")
        start = int(wished.removeprefix("bytes=").rstrip("-")) if wished and how != "forgets ranges" else 0
        data = DATA[start:]
        if how == "corrupts":
            data = data[:-1] + bytes([data[-1] ^ 1])
        if how == "longer":
            data += b"more"
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(data)))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
        request.end_headers()
        request.wfile.write(data[: len(data) // 2] if how == "cuts" else data)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def about() -> ArchiveFiles:
    return small_cifar(members()).files


def fetch(server: Server, about: ArchiveFiles, folder: Path) -> Path:
    return fetch_archive(about, folder, url=server.url, patience_seconds=0.0)


def test_an_archive_is_fetched_checked_and_told_about(server: Server, about: ArchiveFiles, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = fetch_archive(about, tmp_path / "data", url=server.url, progress=lambda *done: told.append(done))
    assert path.read_bytes() == DATA
    assert told[-1] == (len(DATA), len(DATA))
    assert [entry.name for entry in path.parent.iterdir()] == ["small-python.tar.gz"]
    assert fetch(server, about, tmp_path / "data") == path
    assert len(server.ranges) == 1


@pytest.mark.parametrize("then", ["serve", "forgets ranges"])
def test_a_cut_download_goes_on_where_it_was_cut(
    server: Server, about: ArchiveFiles, tmp_path: Path, then: str
) -> None:
    server.behaviour = ["cuts", "cuts", then]
    assert fetch(server, about, tmp_path).read_bytes() == DATA
    assert server.ranges[0] is None
    assert server.ranges[1] == f"bytes={len(DATA) // 2}-"


def test_a_download_that_never_gets_through_keeps_its_part_for_the_next_time(
    server: Server, about: ArchiveFiles, tmp_path: Path
) -> None:
    server.behaviour = ["cuts", "503"]
    with pytest.raises(DataError, match=r"after 5 tries; [\d,]+ of [\d,]+ bytes are kept"):
        fetch(server, about, tmp_path)
    assert (tmp_path / "small-python.tar.gz.part").stat().st_size == len(DATA) // 2
    server.behaviour = ["serve"]
    assert fetch(server, about, tmp_path).read_bytes() == DATA
    assert server.ranges[-1] == f"bytes={len(DATA) // 2}-"


@pytest.mark.parametrize("how", ["corrupts", "longer"])
def test_altered_bytes_are_thrown_away_with_both_checksums(
    server: Server, about: ArchiveFiles, tmp_path: Path, how: str
) -> None:
    server.behaviour = [how]
    with pytest.raises(DataError, match=f"expected {about.md5}|tries"):
        fetch(server, about, tmp_path)
    assert not (tmp_path / "small-python.tar.gz").exists()


def test_a_server_that_refuses_is_quoted(server: Server, about: ArchiveFiles, tmp_path: Path) -> None:
    server.behaviour = ["404"]
    with pytest.raises(DataError, match="the server says 404"):
        fetch(server, about, tmp_path)
    assert len(server.ranges) == 1


def test_a_part_that_is_too_long_begins_anew(server: Server, about: ArchiveFiles, tmp_path: Path) -> None:
    (tmp_path / "small-python.tar.gz.part").write_bytes(b"x" * (len(DATA) + 1))
    assert fetch(server, about, tmp_path).read_bytes() == DATA


def test_no_network_is_one_line_with_a_remedy(about: ArchiveFiles, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no connection .*--data-dir"):
        fetch_archive(about, tmp_path, url="http://127.0.0.1:1/x", patience_seconds=0.0)


def test_a_full_disk_keeps_what_was_fetched(
    server: Server, about: ArchiveFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("engine.data.fetch.os.fsync", full)
    with pytest.raises(StorageFullError, match="disk full"):
        fetch(server, about, tmp_path)


def test_what_is_not_fetched_is_named() -> None:
    with pytest.raises(RequestError, match=r"did you mean cifar100\?"):
        fetch_dataset("cifar1000", Path("nowhere"))
