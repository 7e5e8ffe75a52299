"""Pipes, links and files of others where a file of a run should be: nothing blocks, nothing is written through them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import train
from engine.errors import LabError, RefusedError
from engine.experiment import Experiment
from engine.store import Run, RunStore, layout
from engine.worker.place import WorkerPlace

Tiny = Callable[..., Experiment]
EXPERIMENT: dict[str, dict[str, object]] = {"dataset": {"classes": []}, "model": {}, "training": {}}


@pytest.fixture
def run(store: RunStore) -> Run:
    return store.create(EXPERIMENT, fingerprint="f", name="one")


@pytest.fixture(params=["pipe", "link", "second name", "folder"])
def put(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Path], Path]:
    """Puts something strange in place of a file; returns a file that nobody may change."""

    def make(place: Path) -> Path:
        victim = tmp_path / "victim"
        victim.write_text("precious")
        place.unlink(missing_ok=True)
        match request.param:
            case "pipe":
                os.mkfifo(place)
            case "link":
                place.symlink_to(victim)
            case "second name":
                os.link(victim, place)
            case _:
                place.mkdir()
        return victim

    return make


def test_a_lock_that_is_no_file_is_refused_in_a_line(run: Run, put: Callable[[Path], Path]) -> None:
    victim = put(run.path / layout.LOCK)
    with pytest.raises(RefusedError, match=r"owner\.lock"):
        run.own()
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("name", [layout.LOG, layout.RESERVE, "../.changed"])
def test_what_only_helps_is_left_out_and_stops_nothing(run: Run, put: Callable[[Path], Path], name: str) -> None:
    victim = put(run.path / name)
    with run.own() as owner:
        owner.log("a line\n")
        owner.update(state="training")
    assert run.reload().document["state"] == "training"
    assert victim.read_text() == "precious"


def test_a_history_that_is_no_file_is_refused(run: Run, put: Callable[[Path], Path]) -> None:
    with run.own() as owner:
        victim = put(run.path / layout.HISTORY)
        with pytest.raises(RefusedError, match=r"history\.jsonl"):
            owner.append_history([{"event": "epoch"}])
    assert victim.read_text() == "precious"


def test_requests_that_are_no_folder_are_refused_in_a_line(run: Run, put: Callable[[Path], Path]) -> None:
    place = run.path / layout.REQUESTS
    victim = put(place)
    if not place.is_dir():
        with pytest.raises(LabError):
            run.request("stop")
    with run.own() as owner:
        assert [request.kind for request in owner.take_requests()] == (["stop"] if list_of(place) else [])
    assert victim.read_text() == "precious"


def list_of(place: Path) -> list[Path]:
    return list(place.iterdir()) if place.is_dir() else []


def test_a_worker_whose_log_is_no_file_is_refused_in_a_line(
    store: RunStore, run: Run, put: Callable[[Path], Path]
) -> None:
    place = WorkerPlace(store, "cpu")
    place.folder.mkdir()
    victim = put(place.log_path)
    with pytest.raises(RefusedError, match=r"cpu\.log"):
        place.open_log()
    assert victim.read_text() == "precious"


def test_a_training_whose_log_is_a_pipe_goes_on(store: RunStore, tiny: Tiny) -> None:
    events = train(tiny(), store=store, device="cpu")
    next(events)
    run = store.runs()[0]
    os.mkfifo(run.path / layout.LOG)
    for _ in events:
        pass
    assert run.reload().state == "finished"


def test_a_lane_whose_log_is_a_pipe_trains_the_run(store: RunStore, tiny: Tiny) -> None:
    import sys

    from engine.preparation import prepare, queue_run

    run = queue_run(store, prepare(tiny())[0], device="cpu")
    os.mkfifo(run.path / layout.LOG)
    words = [sys.executable, "-m", "engine.worker.lane", "--runs", str(store.root), "--device", "cpu", "--lanes", "1"]
    lane = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert lane.stdin is not None
    assert lane.stdout is not None
    lane.stdin.write(f'{{"run": "{run.id}"}}\n')
    lane.stdin.flush()
    assert '"finished"' in lane.stdout.readline()
    lane.communicate()
