"""The folder of all runs: making, finding, trashing; and what damage does to the others."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from engine.errors import RefusedError, RequestError
from engine.store import Run, RunStore, edit_run
from engine.store.ids import is_run_id, new_run_id

EXPERIMENT: dict[str, Any] = {"dataset": {"name": "digits", "classes": ["0", "1"]}, "model": {}, "training": {}}


def make(store: RunStore, name: str = "one", **options: Any) -> Run:
    return store.create(EXPERIMENT, fingerprint="f" * 16, name=name, **options)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def test_a_folder_that_is_not_there_is_an_empty_list(store: RunStore) -> None:
    assert store.runs() == []
    assert not store.root.exists()


def test_a_new_run_is_queued_and_private_whatever_the_umask(store: RunStore) -> None:
    before = os.umask(0)
    try:
        run = make(store)
        with run.own() as owner:
            owner.append_history([epoch(1)])
            owner.log("hello")
        run.request("stop")
    finally:
        os.umask(before)
    assert run.state == "queued"
    assert is_run_id(run.id)
    for path in (run.path, *run.path.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_ids_keep_their_order_within_a_second_and_when_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1.8e9, 1.8e9, 1.8e9 - 7200, 1.8e9 + 1])
    monkeypatch.setattr("engine.store.ids.time.time", lambda: next(clock))
    ids: list[str] = []
    for _ in range(4):
        ids.append(new_run_id(ids[-1] if ids else None))
    assert ids == sorted(set(ids))
    assert all(map(is_run_id, ids))


def test_an_id_after_the_last_of_a_second_goes_to_the_next_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.store.ids.time.time", lambda: 0.0)
    assert new_run_id("20261231-235959-fff0")[:15] in ("20261231-235959", "20270101-000000")
    assert new_run_id("20261231-235959-ffff")[:15] == "20270101-000000"


def test_runs_are_found_by_id_beginning_name_and_last(store: RunStore) -> None:
    first, second = make(store, "first"), make(store, "second")
    assert [run.id for run in store.runs()] == [second.id, first.id]
    assert store.resolve(first.id).id == first.id
    assert store.resolve("second").id == second.id
    assert store.resolve("@last").id == second.id
    first.path.rename(store.root / "20200101-000000-abcd")
    assert store.resolve("2020").id == "20200101-000000-abcd"


def test_what_is_ambiguous_names_the_runs(store: RunStore) -> None:
    runs = [make(store, "same"), make(store, "same")]
    with pytest.raises(RequestError) as error:
        store.resolve("same")
    assert all(run.id in error.value.message for run in runs)


def test_a_wrong_name_gets_the_nearest_one(store: RunStore) -> None:
    make(store, "digits-max")
    with pytest.raises(RequestError, match=r"did you mean digits-max\?"):
        store.resolve("digits-mxa")


@pytest.mark.parametrize(
    "reference", ["../x", "/etc", "..", ".", "", "a/b", "x\0y", "%2e%2e/", "../../20200101-000000-abcd"]
)
def test_a_path_is_no_run_id_and_nothing_outside_is_looked_at(store: RunStore, reference: str) -> None:
    make(store)
    outside = store.root.parent / "20200101-000000-abcd"
    outside.mkdir()
    (outside / "run.json").write_text("{}")
    with pytest.raises(RequestError, match="not a run id"):
        store.resolve(reference)
    with pytest.raises(RequestError, match="not a run id"):
        store.get(reference)


@pytest.mark.parametrize("name", ["CON", "x.", "%2e%2e", "*", "~"])
def test_a_strange_word_is_just_not_found(store: RunStore, name: str) -> None:
    make(store)
    with pytest.raises(RequestError, match="there is no run"):
        store.resolve(name)


def test_one_damaged_run_says_so_and_the_others_are_listed(store: RunStore) -> None:
    good, bad = make(store, "good"), make(store, "bad")
    (bad.path / "run.json").write_text('{"format": 1,')
    listed = {run.id: run for run in store.runs()}
    assert listed[good.id].state == "queued"
    assert listed[bad.id].state == "damaged"
    assert "line 1" in str(listed[bad.id].damage)
    assert listed[bad.id].to_json()["state"] == "damaged"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("null", "not a JSON object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"format": 1, "format": 1}', "given twice"),
        ('{"format": 1, "x": NaN}', "NaN"),
        ('{"format": 1, "x": ' + "9" * 5000 + "}", "a number of thousands of digits"),
        ('{"format": "1"}', "format"),
        ('{"format": 1, "state": "flying"}', "flying"),
        ('{"format": 1, "state": "queued", "name": 7}', "name is not text"),
        ('{"format": 1, "state": "queued"}', "experiment is missing"),
        ('{"format": 1, "state": "queued", "experiment": {"dataset": {}, "model": {}, "training": 3}}', "training"),
        ("\xff\xfe", "not UTF-8"),
    ],
)
def test_each_damage_has_its_reason(store: RunStore, text: str, reason: str) -> None:
    run = make(store)
    (run.path / "run.json").write_bytes(text.encode("latin-1"))
    assert reason in str(run.reload().damage)
    assert run.reload().history().records == []


def test_a_wrong_number_in_the_summary_is_damage(store: RunStore) -> None:
    run = make(store)
    document = {**run.document, "summary": {"test_accuracy": "high"}}
    (run.path / "run.json").write_text(json.dumps(document))
    assert "summary.test_accuracy" in str(run.reload().damage)


def test_run_json_cut_at_any_byte_never_raises(store: RunStore) -> None:
    run = make(store)
    data = (run.path / "run.json").read_bytes()
    for end in range(len(data)):
        (run.path / "run.json").write_bytes(data[:end])
        again = run.reload()
        assert again.damage or again.document == run.document


def test_a_newer_format_is_shown_and_never_written(store: RunStore) -> None:
    run = make(store)
    (run.path / "run.json").write_text(json.dumps({**run.document, "format": 9, "state": "finished"}))
    newer = run.reload()
    assert newer.state == "finished"
    assert "format 9" in str(newer.read_only_reason)
    with pytest.raises(RefusedError, match="newer cnnlab"):
        newer.own()


def test_links_pipes_and_devices_are_never_opened(store: RunStore, tmp_path: Path) -> None:
    elsewhere = make(RunStore(tmp_path / "elsewhere"))
    run = make(store)
    linked = store.root / "20200101-000000-0001"
    linked.symlink_to(elsewhere.path)
    loop = store.root / "20200101-000000-0002"
    loop.symlink_to(loop)
    pipe = make(store)
    (pipe.path / "run.json").unlink()
    os.mkfifo(pipe.path / "run.json")
    inside = make(store)
    (inside.path / "run.json").unlink()
    (inside.path / "run.json").symlink_to(run.path / "run.json")
    reasons = {found.id: found.damage for found in store.runs()}
    assert reasons[linked.name] == reasons[loop.name] == "skipped (symlink)"
    assert "not a regular file" in str(reasons[pipe.id])
    assert "links are not followed" in str(reasons[inside.id])
    with pytest.raises(RefusedError):
        store.get(linked.name).own()


def test_a_huge_run_json_is_refused_by_its_size(store: RunStore) -> None:
    run = make(store)
    os.truncate(run.path / "run.json", 1 << 30)
    assert "bytes; more than" in str(run.reload().damage)


def test_the_trash_gives_back_what_it_got(store: RunStore) -> None:
    run = make(store, "mine")
    store.trash(run)
    assert store.runs() == []
    assert [trashed.id for trashed in store.trashed()] == [run.id]
    assert store.restore("mine").document == run.document
    assert [found.id for found in store.runs()] == [run.id]


def test_a_live_run_is_not_trashed(store: RunStore) -> None:
    run = make(store)
    with run.own() as owner:
        owner.update(state="training")
        with pytest.raises(RefusedError, match="stop it first"):
            store.trash(run.reload())
    assert run.reload().state == "interrupted"
    store.trash(run.reload())


def test_an_emptied_trash_deletes_links_but_not_what_they_point_to(store: RunStore, tmp_path: Path) -> None:
    elsewhere = make(RunStore(tmp_path / "elsewhere"))
    make(store)
    linked = store.root / "20200101-000000-0001"
    linked.symlink_to(elsewhere.path)
    for run in store.runs():
        store.trash(run)
    assert store.empty_trash() == 2
    assert elsewhere.reload().damage is None
    assert store.trashed() == []


def test_a_file_is_no_folder_of_runs(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for root in (file, file / "below"):
        with pytest.raises(RequestError, match="is not a folder"):
            RunStore(root).check_writable()
    with pytest.raises(RequestError, match="is not a folder"):
        RunStore(file).runs()


def test_names_and_tags_that_cannot_be_are_refused_before_anything_is_made(store: RunStore) -> None:
    for options in ({"name": ""}, {"name": " "}, {"name": "x" * 201}, {"name": "x", "tags": [""]}):
        with pytest.raises(RequestError):
            store.create(EXPERIMENT, fingerprint="f", **options)  # type: ignore[arg-type]
    assert not store.root.exists()


def test_an_edit_of_a_resting_run_is_written_and_of_a_live_one_wished(store: RunStore) -> None:
    run = make(store)
    edit_run(run, name="new", tags=["a", "a", "b"], note="seen")
    run = run.reload()
    assert (run.name, run.tags, run.note) == ("new", ["a", "b"], "seen")
    with run.own() as owner:
        owner.update(state="training")
        edit_run(run.reload(), name="newer")
        assert run.reload().name == "new"
        (request,) = owner.take_requests()
        assert (request.kind, request.payload) == ("edit", {"name": "newer"})


def epoch(number: int, **changes: Any) -> dict[str, Any]:
    band = {"mean": 0.5, "p25": 0.4, "p75": 0.6}
    split = {"loss": band, "accuracy": band}
    record = {"event": "epoch", "epoch": number, "seconds": 0.1, "lr": 0.01, "train": split, "validation": split}
    return {**record, **changes}


@pytest.mark.parametrize("text", ['{"heartbeat": 1, "ep', "", "[]", "NaN"])
def test_torn_progress_is_no_progress(store: RunStore, text: str) -> None:
    run = make(store)
    (run.path / "progress.json").write_text(text)
    assert run.progress() is None


def test_a_pipe_in_place_of_any_file_never_blocks(store: RunStore) -> None:
    run = make(store)
    for name in ("history.jsonl", "progress.json", "report.json", "export.json", "predictions.safetensors"):
        os.mkfifo(run.path / name)
    assert run.history().records == []
    assert run.progress() is run.report() is run.export() is run.predictions() is None


def test_runs_of_several_processes_made_in_one_second_keep_their_order(store: RunStore) -> None:
    made = [make(RunStore(store.root), str(number)).id for number in range(20)]
    assert made == sorted(made)
