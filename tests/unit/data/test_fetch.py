"""Fetching, from a server that cuts, corrupts, refuses and forgets."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.data.archive import ArchiveFiles
from engine.data.fetch import fetch_archive, fetch_dataset
from engine.data.fetch_pace import FetchNews, Pace
from engine.data.part_file import held_part
from engine.errors import DataError, RequestError, StorageFullError
from tests.unit.data.server import DATA, Server
from tests.unit.data.small_cifar import members, small_cifar


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def about() -> ArchiveFiles:
    return small_cifar(members()).files


def fetch(server: Server, about: ArchiveFiles, folder: Path) -> Path:
    return fetch_archive(about, folder, url=server.url, patience_seconds=0.0)


def test_an_archive_is_fetched_checked_and_told_about(server: Server, about: ArchiveFiles, tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    path = fetch_archive(about, tmp_path / "data", url=server.url, progress=lambda *done: told.append(done))
    assert path.read_bytes() == DATA
    assert told[-1] == (len(DATA), len(DATA), "")
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


def test_why_it_waits_is_told_before_each_new_try_and_no_longer_when_bytes_come(
    server: Server, about: ArchiveFiles, tmp_path: Path
) -> None:
    server.behaviour = ["503", "cuts", "serve"]
    troubles: list[str] = []

    def listen(done: int, total: int, trouble: str) -> None:
        if troubles[-1:] != [trouble]:
            troubles.append(trouble)

    fetch_archive(about, tmp_path, url=server.url, patience_seconds=0.3, progress=listen)
    cut = next(trouble for trouble in troubles if "cut" in trouble).partition(", try")[0]
    assert troubles == [
        "the server says 503, try 2 of 5 in 1 s",
        "the server says 503, try 2 of 5 now",
        "",
        f"{cut}, try 3 of 5 in 1 s",
        f"{cut}, try 3 of 5 now",
        "",
    ]


def test_two_fetches_at_once_are_one_and_the_second_sees_it_grow(
    server: Server, about: ArchiveFiles, tmp_path: Path
) -> None:
    part = tmp_path / "small-python.tar.gz.part"
    part.write_bytes(DATA[:7])
    seen: list[tuple[int, int]] = []
    waits = threading.Event()

    def look(done: int, total: int, trouble: str) -> None:
        seen.append((done, total))
        waits.set()

    waiter = threading.Thread(target=fetch_archive, args=(about, tmp_path), kwargs={"progress": look})
    with held_part(part, lambda have: None):
        waiter.start()
        assert waits.wait(30)
        part.write_bytes(DATA)
        part.replace(tmp_path / "small-python.tar.gz")
    waiter.join(30)
    assert seen[0] == (7, len(DATA))
    assert server.ranges == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["small-python.tar.gz"]


class EnoughError(Exception):
    """Whoever listens wants no more."""


@pytest.mark.parametrize("how", ["serve", "503"])
def test_whoever_listens_can_end_it_and_what_is_here_is_kept(
    server: Server, about: ArchiveFiles, tmp_path: Path, how: str
) -> None:
    server.behaviour = ["cuts", how]

    def stop_at_the_second_try(done: int, total: int, trouble: str) -> None:
        if len(server.ranges) == 1 and done == len(DATA) // 2:
            told.append(done)
        if len(told) > 1:
            raise EnoughError

    told: list[int] = []
    with pytest.raises(EnoughError):
        fetch_archive(about, tmp_path, url=server.url, progress=stop_at_the_second_try)
    assert (tmp_path / "small-python.tar.gz.part").stat().st_size == len(DATA) // 2
    server.behaviour = ["serve"]
    assert fetch(server, about, tmp_path).read_bytes() == DATA


def test_nothing_fetched_leaves_nothing(server: Server, about: ArchiveFiles, tmp_path: Path) -> None:
    server.behaviour = ["404"]
    with pytest.raises(DataError):
        fetch(server, about, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_pace_is_told_twice_a_second_over_the_last_seconds() -> None:
    now, told = [0.0], list[FetchNews]()
    pace = Pace(told.append, lambda: now[0])
    for tenth in range(100):
        now[0] = tenth / 10
        pace.step(tenth * 100, 100_000, "")
    assert len(told) == 20
    assert told[0].bytes_per_second is None
    assert {round(news.bytes_per_second or 0) for news in told[1:]} == {1000}
    pace.step(100_000, 100_000, "")
    assert told[-1].done_bytes == 100_000
    now[0] = 20.0
    pace.step(0, 100_000, "")  # it began anew
    assert told[-1].bytes_per_second is None


def test_trouble_is_told_at_once_and_has_no_speed() -> None:
    now, told = [0.0], list[FetchNews]()
    pace = Pace(told.append, lambda: now[0])
    pace.step(100, 1000, "")
    now[0] = 0.1
    pace.step(100, 1000, "cut, try 2 of 5 in 1 s")
    pace.step(100, 1000, "cut, try 2 of 5 in 1 s")
    assert told[1:] == [FetchNews(100, 1000, None, "cut, try 2 of 5 in 1 s")]
    pace.step(200, 1000, "")
    assert told[-1] == FetchNews(200, 1000, None, "")


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
