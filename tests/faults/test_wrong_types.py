"""A run.json whose fields are of other types than they should be is one marked row, of this format or a newer one."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.cli.main import run as run_command
from engine.store import Run, RunStore
from engine.store.fields import without_wrong_fields, wrong_fields

KEPT = Path(__file__).parents[1] / "fixtures" / "runs" / "20260101-120000-f001"
GOOD, STRANGE = "20260101-120000-0001", "20260101-120000-0002"
MORE: dict[str, Any] = {
    "study": {"id": "s", "name": "pooling", "kind": "pooling", "position": 1, "label": "max", "seeds": [0]},
    "tags": ["a"],
    "notices": ["skipped x.png"],
    "waiting": "the disk is full",
    "images": {"train": 5},
    "failure": {"kind": "error", "reason": "why"},
    "extends": {"run": "x", "epoch": 3, "equal_to_one_run": True},
    "resumed_on": [{"epoch": 1, "at": "then", "changed": ["torch"]}],
}
COMMANDS = [
    ["runs"],
    ["runs", "--json"],
    ["runs", "--filter", "test>0.5 lr<1 study:pooling device:cpu tag:a 0", "--sort", "test"],
    ["runs", "--sort", "created"],
    ["show", STRANGE],
    ["show", STRANGE, "--json"],
    ["show", "@best"],
    ["report", STRANGE],
    ["report", GOOD, "--reference", STRANGE],
    ["compare", GOOD, STRANGE],
    ["compare", GOOD, STRANGE, "--json"],
    ["study", "show", "s"],
    ["queue"],
    ["clone", STRANGE],
    ["edit", STRANGE, "--note", "x"],
    ["pause", STRANGE],
]


def whole_document() -> dict[str, Any]:
    document: dict[str, Any] = {**json.loads((KEPT / "run.json").read_text()), **copy.deepcopy(MORE)}
    document["environment"]["gpu_memory"] = {"free_bytes": 1, "total_bytes": 2, "held_by_others_bytes": 3}
    return document


def paths_of(table: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in table.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from paths_of(value, (*above, key))


def put(document: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *above, key = path
    for name in above:
        document = document[name]
    document[key] = value


PATHS = sorted(path for path in paths_of(whole_document()) if path not in (("format",), ("id",)))
SCALARS = st.sampled_from([None, True, 0, -5, 5, 1e400, 10**400, -1.5, "x", "\x1b[31m[/]"])
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from(["a", "type"]), SCALARS, max_size=2)


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """A good run, and one whose run.json is to be made strange."""
    root = tmp_path_factory.mktemp("runs")
    for name in (GOOD, STRANGE):
        shutil.copytree(KEPT, root / name)
    return RunStore(root)


def call(store: RunStore, arguments: list[str]) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command([*arguments, "--runs", str(store.root)])
    if "--json" in arguments:
        json.loads(out.getvalue())
    return code, out.getvalue()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.sampled_from([1, 2]),
    state=st.sampled_from(["finished", "training", "queued", "failed"]),
    path=st.sampled_from(PATHS),
    value=VALUES,
    command=st.sampled_from(COMMANDS),
)
@example(number=2, state="finished", path=("summary",), value=[], command=["runs"])
@example(number=2, state="finished", path=("experiment",), value="x", command=["compare", GOOD, STRANGE])
@example(number=2, state="queued", path=("request",), value=5, command=["queue"])
@example(number=2, state="finished", path=("study",), value=5, command=["runs", "--filter", "study:pooling"])
@example(number=1, state="finished", path=("state",), value=["a"], command=["runs"])
@example(number=1, state="finished", path=("study", "position"), value="x", command=["study", "show", "s"])
@example(number=1, state="finished", path=("summary", "test_accuracy"), value=5, command=["compare", GOOD, STRANGE])
@example(number=1, state="finished", path=("summary", "seconds"), value=1e400, command=["runs"])
@example(number=1, state="finished", path=("environment", "gpu_memory"), value=5, command=["show", STRANGE])
def test_no_field_of_any_type_ends_in_a_traceback(
    two_runs: RunStore, number: int, state: str, path: tuple[str, ...], value: Any, command: list[str]
) -> None:
    document = {**whole_document(), "format": number, "state": state}
    put(document, path, value)
    (two_runs.root / STRANGE / "run.json").write_text(json.dumps(document).replace("Infinity", "1e400"))
    call(two_runs, command)
    code, listed = call(two_runs, ["runs", "--json"])
    rows = json.loads(listed)["runs"]
    assert code == 0
    assert [row["id"] for row in rows] == [STRANGE, GOOD]
    assert "read_only" in rows[0] if number == 2 else ("damage" in rows[0] or not [*wrong_fields(document)])


@given(path=st.sampled_from(PATHS), value=VALUES)
def test_what_is_understood_of_a_newer_format_has_no_wrong_field_and_all_others(
    path: tuple[str, ...], value: Any
) -> None:
    document = whole_document()
    assert [*wrong_fields(document)] == []
    assert without_wrong_fields(document) is document
    put(document, path, value)
    before = copy.deepcopy(document)
    wrong = [(*field.table, field.key) for field in wrong_fields(document)]
    kept = without_wrong_fields(document)
    assert document == before
    assert [*wrong_fields(kept)] == []
    assert len(wrong) <= 1
    assert all(path[: len(field)] == field for field in wrong)
    gone = [field[:2] if field[0] == "experiment" else field for field in wrong]
    lost = set(paths_of(before)) - set(paths_of(kept))
    assert lost == {lost_path for lost_path in lost for field in gone if lost_path[: len(field)] == field}


@pytest.mark.parametrize(
    "experiment", [None, "x", {"dataset": {}, "model": {}}, {"dataset": {}, "model": {}, "training": {"epochs": "x"}}]
)
@pytest.mark.parametrize("verb", [["clone"], ["extend", "--epochs", "9"], ["compare", GOOD], ["resume"]])
def test_settings_that_are_not_understood_are_not_taken_for_the_default_ones(
    two_runs: RunStore, capsys: pytest.CaptureFixture[str], experiment: Any, verb: list[str]
) -> None:
    document = {**whole_document(), "format": 2, "experiment": experiment, "state": "stopped"}
    (two_runs.root / STRANGE / "run.json").write_text(json.dumps(document))
    code = run_command([verb[0], STRANGE, *verb[1:], "--runs", str(two_runs.root)])
    said = capsys.readouterr()
    assert (code, said.out) == (3, "")
    assert said.err == (
        f"cnnlab: {STRANGE} is made by a newer cnnlab (format 2, this one knows 1): read-only, "
        "and its settings are not understood; take that cnnlab\n"
    )


def test_a_wrong_field_is_named_on_its_row(two_runs: RunStore) -> None:
    document = whole_document()
    put(document, ("study", "seeds"), 5)
    path = two_runs.root / STRANGE
    (path / "run.json").write_text(json.dumps(document))
    assert Run(path).damage == "run.json: study.seeds is not a list of whole numbers"
