"""Listing many runs: read fast, kept small, told from the newest on, and read again only where something changed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.documents import DocumentError, parse_document
from engine.store import RunStore, edit_run, layout
from engine.store.sharing import SharedParts

EXPERIMENT: dict[str, Any] = {"dataset": {"name": "digits", "classes": ["0", "1"]}, "model": {}, "training": {}}
SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from(["", "a", '\n "study": {'])
)
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from("ab"), v, max_size=2), max_leaves=8
)
KEYS = ["experiment", "environment", "summary", "study", "request", "tags", "state", "images", "note"]
DOCUMENTS = st.dictionaries(st.sampled_from(KEYS), VALUES | st.dictionaries(st.sampled_from(KEYS), VALUES))
INDENTS = st.sampled_from([None, 0, 1, 2])


def store_of(folder: Path, count: int) -> RunStore:
    store = RunStore(folder / "runs")
    for number in range(count):
        store.create(EXPERIMENT, fingerprint="f" * 16, name=f"run {number}")
    return store


@given(st.lists(st.tuples(DOCUMENTS, INDENTS), max_size=4))
def test_documents_that_share_parts_are_those_that_were_written(documents: list[tuple[dict[str, Any], Any]]) -> None:
    shared = SharedParts()
    for document, indent in [*documents, *documents]:
        data = json.dumps(document, indent=indent).encode()
        assert repr(shared.parse(data)) == repr(parse_document(data))


@pytest.mark.parametrize(
    "text",
    [
        '{\n "experiment": {\n }, "experiment": {\n },\n "environment": {\n }\n}',
        '{\n "experiment": {\n  "a": 1, "a": 2\n },\n "environment": {\n }\n}',
        '{\n "experiment": {\n  "a": NaN\n },\n "environment": {\n }\n}',
        '{\n "experiment": {\n  "a": 1\n },\n "environment": {\n }\n',
        '{\n "experiment": {\n  "a": 1\n }]\n "environment": {\n }\n',
    ],
)
def test_damage_is_told_as_it_is_of_a_document_on_its_own(text: str) -> None:
    with pytest.raises(DocumentError) as alone:
        parse_document(text.encode())
    with pytest.raises(DocumentError) as among_others:
        SharedParts().parse(text.encode())
    assert str(among_others.value) == str(alone.value)


def test_settings_inside_of_something_else_stay_there() -> None:
    text = b'{"a": {\n "experiment": {\n  "x": 1\n },\n "environment": {\n }\n}, "experiment": {"y": 2}}'
    assert SharedParts().parse(text) == json.loads(text)


def test_runs_share_equal_settings(tmp_path: Path) -> None:
    first, second = store_of(tmp_path, 2).runs()
    assert first.experiment is second.experiment
    assert first.id != second.id


def test_the_newest_runs_are_there_before_the_others_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(tmp_path, 5)
    read: list[str] = []
    parse = SharedParts.parse
    monkeypatch.setattr(SharedParts, "parse", lambda self, data: read.append("x") or parse(self, data))
    newest = next(iter(store.iter_runs()))
    assert newest.name == "run 4"
    assert len(read) == 1


def test_a_refresh_reads_only_what_was_replaced(tmp_path: Path) -> None:
    store = store_of(tmp_path, 4)
    old = store.runs()
    edit_run(old[1], name="renamed")
    new = store.create(EXPERIMENT, fingerprint="f" * 16, name="new")
    store.trash(old[3])
    again = store.refresh(old)
    assert [run.id for run in again] == [new.id, *(run.id for run in old[:3])]
    assert [run.name for run in again] == ["new", "run 3", "renamed", "run 1"]
    assert (again[1], again[3]) == (old[0], old[2])
    assert store.refresh(again) == again


def test_a_refresh_sees_that_a_process_died_or_a_file_was_damaged(tmp_path: Path) -> None:
    store = store_of(tmp_path, 2)
    with store.runs()[0].own() as owner:
        owner.update(state="training")
        seen = store.refresh(store.runs())
        assert seen[0].state == "training"
    after = store.refresh(seen)
    assert after[0].state == layout.INTERRUPTED
    (after[1].path / layout.RUN).write_text("{")
    damaged = store.refresh(after)
    assert damaged[1].state == layout.DAMAGED
    (after[1].path / layout.RUN).unlink()
    assert "missing" in str(store.refresh(damaged)[1].damage)


def test_a_file_replaced_by_one_of_equal_size_and_time_is_seen(tmp_path: Path) -> None:
    store = store_of(tmp_path, 1)
    old = store.runs()
    path = old[0].path / layout.RUN
    status = path.stat()
    other = path.with_name("other")
    other.write_bytes(path.read_bytes().replace(b"run 0", b"run X"))
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)
    assert store.refresh(old)[0].name == "run X"
