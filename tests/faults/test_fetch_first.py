"""Runs whose data are fetched first: by a lane, from a server that waits, cuts, corrupts and is not there."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import DataError
from engine.execution.control import Control, Leave
from engine.execution.fetching import awaited_data, fetch_data
from engine.execution.phases import Phases
from engine.experiment import Experiment
from engine.preparation import prepare_unseen, queue_run
from engine.store import Run, RunStore
from engine.worker.place import WorkerPlace
from tests.faults.processes import cnnlab, is_running, wait_for, worker_of
from tests.unit.data.server import DATA, Server
from tests.unit.data.small_cifar import members, small_cifar

# What every process of a test imports at its start: `cifar100` is the miniature, from the server of the test.
SITE = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.unit.data.small_cifar import members, small_cifar
import engine.data.absent, engine.data.fetch, engine.data.load
source = small_cifar(members(), {url!r})
engine.data.load.SOURCES["cifar100"] = engine.data.absent._OFFICIAL["cifar100"] = source
engine.data.fetch.ARCHIVES["cifar100"] = source.files
engine.data.fetch._PATIENCE_SECONDS = 0.0
engine.data.fetch.fetch_dataset.__kwdefaults__["patience_seconds"] = 0.0
"""
SMALL = ("--dataset", "cifar100", "--hidden-size", "4", "--batch-size", "8", "--epochs", "2", "--device", "cpu")


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def place(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the data, empty; `cifar100` is the miniature in this process and in those that it starts."""
    root = str(Path(__file__).parents[2])
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE.format(root=root, url=server.url))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.setenv("CNNLAB_DATA", str(tmp_path / "data"))
    source = small_cifar(members(), server.url)
    for table, entry in (("load.SOURCES", source), ("absent._OFFICIAL", source), ("fetch.ARCHIVES", source.files)):
        monkeypatch.setitem(_table(table), "cifar100", entry)
    monkeypatch.setattr("engine.data.fetch.fetch_dataset.__kwdefaults__", {
        "progress": None, "url": None, "patience_seconds": 0.0,
    })  # fmt: skip
    return tmp_path / "data"


def _table(name: str) -> dict[str, object]:
    from importlib import import_module

    module, _, attribute = name.partition(".")
    table: dict[str, object] = getattr(import_module(f"engine.data.{module}"), attribute)
    return table


@pytest.fixture
def workers(store: RunStore) -> Iterator[None]:
    yield
    manned = WorkerPlace(store, "cpu")
    while holder := manned.holder():
        os.kill(int(holder["pid"]), signal.SIGKILL)
        wait_for(lambda: not manned.is_manned)
    for run in store.runs():
        wait_for(lambda run=run: not run.reload().is_alive)


def queued(store: RunStore) -> Run:
    settings = {"dataset": {"name": "cifar100"}, "training": {"batch_size": 8}}
    return queue_run(store, prepare_unseen(Experiment.build(settings)), fetch=True)


def test_a_run_whose_data_have_come_goes_on_and_tells_how_far_they_are(store: RunStore, place: Path) -> None:
    run = queued(store)
    assert str(awaited_data(run)) == f"cifar100 in {place}"
    with run.own() as owner:
        assert fetch_data(owner, Control(), Phases(owner))
        assert run.reload().phases() == [("fetching cifar100", None)]
        assert (run.reload().fetch() or {})["total_bytes"] == len(DATA)
    assert awaited_data(run) is None


def test_data_that_cannot_be_had_put_the_run_back_into_the_queue_with_the_reason(
    store: RunStore, place: Path, server: Server
) -> None:
    server.behaviour = ["cuts", "503"]
    run = queued(store)
    with run.own() as owner, pytest.raises(DataError):
        fetch_data(owner, Control(), Phases(owner))
    run = run.reload()
    assert run.state == "queued"
    assert run.document["waiting"].startswith("cifar100 not fetched: the server says 503 after 5 tries; ")
    assert run.phases() == []
    server.behaviour = ["serve"]
    with run.own() as owner:
        assert fetch_data(owner, Control(), Phases(owner))
    assert server.ranges[-1] == f"bytes={len(DATA) // 2}-"


@pytest.mark.parametrize(("how", "state"), [(Leave.NOW, "stopped"), (Leave.ABANDON, "starting")])
def test_a_run_that_is_to_end_ends_while_its_data_are_fetched(
    store: RunStore, place: Path, server: Server, how: Leave, state: str
) -> None:
    run, control = queued(store), Control()
    control.ask_to_leave(how)
    with run.own() as owner:
        owner.update(state="starting")
        assert not fetch_data(owner, control, Phases(owner))
        assert owner.run.document["state"] == state
        assert run.reload().phases() == []
    assert awaited_data(run) is not None


@pytest.mark.slow
@pytest.mark.usefixtures("workers")
def test_one_run_fetches_the_others_wait_and_all_are_trained(store: RunStore, place: Path, server: Server) -> None:
    server.behaviour = ["cuts", "corrupts", "waits"]  # thrown away once, and fetched anew
    done = cnnlab(store, "study", "pooling", *SMALL, "--seeds", "1", "--lanes", "2", "--fetch", "--detach", "--json")
    assert done.returncode == 0, done.stderr
    runs = list(reversed(store.runs()))
    assert all(run.document["request"]["fetch"] for run in runs)
    wait_for(lambda: runs[0].reload().state == "starting" and runs[0].reload().fetch())
    wait_for(lambda: len(server.ranges) >= 3)
    assert [run.reload().state for run in runs[1:]] == ["queued", "queued"]
    wait_for(lambda: [run.reload().document.get("waiting") for run in runs[1:]] == ["behind the fetch of cifar100"] * 2)
    listed = cnnlab(store, "queue").stdout
    assert "fetching " in listed
    assert "behind the fetch of cifar100" in listed
    assert "fetching " in cnnlab(store, "runs").stdout
    server.go_on.set()
    for run in runs:
        wait_for(lambda run=run: run.reload().state == "finished")
        assert run.reload().document["waiting"] is None
    assert (place / "small-python.tar.gz").read_bytes() == DATA


@pytest.mark.slow
@pytest.mark.usefixtures("workers")
def test_a_fetch_that_is_killed_goes_on_where_it_was(store: RunStore, place: Path, server: Server) -> None:
    server.behaviour = ["waits"]
    done = cnnlab(store, "train", *SMALL, "--fetch", "--detach", "--json")
    run = store.get(json.loads(done.stdout)["id"])
    part = place / "small-python.tar.gz.part"
    wait_for(lambda: part.exists() and part.stat().st_size > len(DATA) // 4)
    worker = worker_of(store)
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: not is_running(worker))
    server.go_on.set()
    wait_for(lambda: run.reload().state == "interrupted")
    kept = part.stat().st_size if part.exists() else len(DATA)  # whole, where the lane had not yet seen its worker gone
    server.behaviour = ["serve"]
    assert cnnlab(store, "resume", "--all").returncode == 0
    wait_for(lambda: run.reload().state == "finished")
    assert server.ranges[-1] == (f"bytes={kept}-" if kept < len(DATA) else None)


@pytest.mark.slow
def test_in_the_foreground_data_are_fetched_before_the_run_is_made(
    store: RunStore, place: Path, server: Server
) -> None:
    server.behaviour = ["404"]
    done = cnnlab(store, "train", *SMALL, "--fetch")
    assert done.returncode == 3
    assert "the server says 404" in done.stderr
    assert store.runs() == []
    server.behaviour = ["serve"]
    done = cnnlab(store, "train", *SMALL, "--fetch")
    assert done.returncode == 0, done.stderr
    assert store.runs()[0].state == "finished"
