"""Runs in one state, found among many without reading those again that did not change."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.store import Run, RunStore
from engine.store import sieve as sieve_module
from engine.store.sieve import Sieve

EXPERIMENT: dict[str, Any] = {"dataset": {"classes": []}, "model": {}, "training": {}}


def make(store: RunStore, name: str) -> Run:
    return store.create(EXPERIMENT, fingerprint="f", name=name)


def say(run: Run, state: str) -> None:
    with run.own() as owner:
        owner.update(state=state)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the runs whose run.json was read."""
    names: list[str] = []
    original: Callable[..., bytes] = sieve_module.read_file

    def counted(path: Path, **options: Any) -> bytes:
        names.append(path.parent.name)
        return original(path, **options)

    monkeypatch.setattr(sieve_module, "read_file", counted)
    return names


def test_only_what_changed_is_read_again(store: RunStore, read: list[str]) -> None:
    runs = [make(store, name) for name in ("a", "b", "c")]
    say(runs[0], "finished")
    sieve = Sieve(store, "queued")
    assert [run.name for run in sieve.runs()] == ["c", "b"]
    assert len(read) == 3
    assert [run.name for run in sieve.runs()] == ["c", "b"]
    assert len(read) == 3
    say(runs[1], "stopped")
    say(runs[0], "queued")
    assert [run.name for run in sieve.runs()] == ["c", "a"]
    assert sorted(read[3:]) == sorted([runs[0].id, runs[1].id])
    store.trash(runs[2])
    assert [run.name for run in sieve.runs()] == ["a"]


def test_it_finds_what_a_full_look_finds_whatever_the_folders_hold(store: RunStore, tmp_path: Path) -> None:
    sieve = Sieve(store, "queued")
    assert sieve.runs() == []
    runs = [make(store, name) for name in ("queued", "pipe", "cut", "link", "gone")]
    say(runs[0], "finished")  # its name is the word that is looked for
    (runs[1].path / "run.json").unlink()
    os.mkfifo(runs[1].path / "run.json")
    (runs[2].path / "run.json").write_text('{"state": "queued"')
    (store.root / "20200101-000000-0001").symlink_to(runs[3].path)
    (runs[4].path / "run.json").unlink()
    for _ in range(2):
        assert [run.id for run in sieve.runs()] == [run.id for run in store.runs() if run.state == "queued"]
    assert [run.name for run in sieve.runs()] == ["link"]
