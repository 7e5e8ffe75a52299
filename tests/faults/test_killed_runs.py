"""A run that is killed, at any moment and in any way, goes on to the history and weights of one that never was."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import train
from engine.experiment import Experiment
from engine.store import Run, RunStore, layout
from engine.store.arrays import decode_arrays
from engine.training.checkpoint import load_checkpoint, save_checkpoint
from tests.faults.processes import COMMAND, TINY, lane_of, start, wait_for

Tiny = Callable[..., Experiment]


def finish(run: Run) -> Run:
    for _ in train(Experiment.build(run.experiment), run, device="cpu"):
        pass
    return run.reload()


def what_counts(run: Run) -> dict[str, Any]:
    """Everything that must be equal to the bit."""
    records = [{k: v for k, v in record.items() if k != "seconds"} for record in run.history().records]
    best, about = decode_arrays((run.path / layout.BEST).read_bytes())
    last, _ = decode_arrays((run.path / layout.LAST).read_bytes())
    summary = {k: v for k, v in (run.summary or {}).items() if k not in ("seconds", "images_per_second")}
    arrays = {f"best.{k}": v.tobytes() for k, v in best.items()} | {k: v.tobytes() for k, v in last.items()}
    predictions = {k: v.tobytes() for k, v in (run.predictions() or {}).items()}
    return {
        "state": run.state,
        "history": records,
        "summary": summary,
        "arrays": arrays,
        "about": about,
        "predictions": predictions,
        "report": run.report(),
    }


def queue(store: RunStore, experiment: Experiment) -> Run:
    from engine.preparation import prepare, queue_run

    prepared, _ = prepare(experiment)
    return queue_run(store, prepared, device="cpu")


@pytest.fixture
def every_chunk_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of one, and everything due at once: as many moments to be killed at as there can be."""
    monkeypatch.setattr("engine.training.pacer.CHUNK_SECONDS", 0.0)
    for name in ("APPEND_SECONDS", "CHECKPOINT_SECONDS", "PROGRESS_SECONDS"):
        monkeypatch.setattr(f"engine.execution.recorder.{name}", 0.0)


@pytest.mark.slow
@pytest.mark.timeout(900)  # a minute on a machine of its own, four beside other work
def test_a_kill_before_any_operation_on_a_file_costs_nothing(memory_folder: Path) -> None:
    """In a process of its own: it forks, which torch bears only before it has trained."""
    words = [sys.executable, "-m", "tests.faults.kill_points", str(memory_folder / "runs")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["points"] > 200
    assert told["epochs_trained_again"] <= 1


TRAIN = ("train", *TINY)
EPOCHS = 600


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, own_cache: None) -> dict[str, Any]:
    store = RunStore(tmp_path_factory.mktemp("runs"))
    process = start(*TRAIN, "--epochs", str(EPOCHS), "--runs", str(store.root))
    assert process.communicate()[1]
    return what_counts(store.runs()[0])


@pytest.mark.slow
@pytest.mark.parametrize("who", ["lane", "command"])
def test_a_killed_training_is_interrupted_and_resumes_to_the_same_bits(
    store: RunStore, uninterrupted: dict[str, Any], who: str
) -> None:
    process = start(*TRAIN, "--epochs", str(EPOCHS), "--runs", str(store.root))
    run = wait_for(lambda: store.runs() and store.runs()[0])
    wait_for(lambda: len(run.history().records) > 5)
    os.kill(lane_of(run) if who == "lane" else process.pid, signal.SIGKILL)
    process.communicate()
    wait_for(lambda: run.reload().state == "interrupted")
    done = start("resume", run.id, "--runs", str(store.root))
    said = done.communicate()
    assert done.returncode == 0, said
    assert what_counts(run.reload()) == uninterrupted
    if who == "lane":
        assert process.returncode == 1


@pytest.mark.slow
def test_a_terminal_that_goes_away_stops_a_foreground_training_in_good_order(store: RunStore) -> None:
    child, master = pty.fork()
    if not child:
        os.execv(COMMAND[0], [*COMMAND, "train", *TINY, "--epochs", "1000000", "--runs", str(store.root)])
    run = wait_for(lambda: (drain(master), store.runs())[1])[0]
    wait_for(lambda: (drain(master), run.history().records)[1])
    os.close(master)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 129
    assert run.reload().state == "stopped"
    assert run.reload().summary is not None


def drain(master: int) -> None:
    """Read what a terminal would show, so that nobody waits for it."""
    while select.select([master], [], [], 0)[0]:
        os.read(master, 1 << 16)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_leaves_a_checkpoint_a_report_and_its_exit_code(
    store: RunStore, uninterrupted: dict[str, Any], number: signal.Signals, code: int
) -> None:
    process = start(*TRAIN, "--epochs", str(EPOCHS), "--runs", str(store.root))
    run = wait_for(lambda: store.runs() and store.runs()[0])
    wait_for(lambda: run.reload().state == "training")
    process.send_signal(number)
    process.communicate()
    assert process.returncode == code
    stopped = run.reload()
    assert stopped.state == "stopped"
    assert stopped.report() is not None
    assert 0 < (stopped.summary or {})["epochs_done"] <= EPOCHS or (stopped.path / layout.LAST).exists()
    done = start("resume", run.id, "--runs", str(store.root))
    done.communicate()
    assert what_counts(run.reload()) == uninterrupted


@pytest.mark.slow
def test_ctrl_c_finishes_the_epoch_and_evaluates_and_twice_stops_now(store: RunStore) -> None:
    once = start(*TRAIN, "--epochs", "100000", "--runs", str(store.root))
    run = wait_for(lambda: store.runs() and store.runs()[0])
    wait_for(lambda: len(run.history().records) > 2)
    once.send_signal(signal.SIGINT)
    once.communicate()
    assert once.returncode == 130
    stopped = run.reload()
    assert stopped.state == "stopped"
    assert (stopped.summary or {})["epochs_done"] == len(stopped.history().records)
    before = len(stopped.history().records)
    twice = start("resume", run.id, "--runs", str(store.root))
    wait_for(lambda: len(run.history().records) > before)
    twice.send_signal(signal.SIGINT)
    wait_for(lambda: "ctrl-c again" in str(twice.stderr and twice.stderr.readline()))
    twice.send_signal(signal.SIGINT)
    twice.communicate()
    assert twice.returncode == 130
    assert run.reload().state in ("interrupted", "stopped")


@pytest.mark.slow
def test_a_lane_that_dies_of_a_signal_of_its_own_is_a_failure_with_its_name(store: RunStore) -> None:
    process = start(*TRAIN, "--epochs", "100000", "--runs", str(store.root))
    run = wait_for(lambda: store.runs() and store.runs()[0])
    wait_for(lambda: run.reload().state == "training")
    os.kill(lane_of(run), signal.SIGSEGV)
    process.communicate()
    assert process.returncode == 1
    assert run.reload().state == "failed"
    assert "SIGSEGV" in run.reload().document["failure"]["reason"]


@pytest.mark.slow
def test_a_second_process_is_refused_with_the_pid_of_the_first(store: RunStore) -> None:
    process = start(*TRAIN, "--epochs", "100000", "--runs", str(store.root))
    run = wait_for(lambda: store.runs() and store.runs()[0])
    wait_for(lambda: run.reload().state == "training")
    refused = start("resume", run.id, "--runs", str(store.root))
    said = refused.communicate()[1]
    assert refused.returncode == 4
    assert "is being trained now" in said
    stopping = start("stop", run.id, "--runs", str(store.root))
    assert "stopped" in stopping.communicate()[0]
    assert stopping.returncode == 0
    process.communicate()
    assert process.returncode == 0


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(store: RunStore, tiny: Tiny) -> None:
    experiment = tiny(epochs=6)
    expected = what_counts(finish(queue(store, experiment)))
    run = queue(store, experiment)
    events = train(Experiment.build(run.experiment), run, device="cpu")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("APPEND_SECONDS", "CHECKPOINT_SECONDS"):
            patch.setattr(f"engine.execution.recorder.{name}", 0.0)
        patch.setattr("engine.training.pacer.CHUNK_SECONDS", 0.0)
        for _ in events:
            if len(run.history().records) == 4:
                break
    events.close()  # type: ignore[attr-defined]
    last = run.path / layout.LAST
    data = bytearray(last.read_bytes())
    data[-3] ^= 4
    last.write_bytes(bytes(data))
    assert run.reload().state == "interrupted"
    assert what_counts(finish(run)) == expected


def test_a_requested_stop_ends_a_run_evaluated(store: RunStore, tiny: Tiny) -> None:
    run = queue(store, tiny(epochs=100_000))
    for number, _ in enumerate(train(Experiment.build(run.experiment), run, device="cpu")):
        if number == 3:
            run.request("stop")
    assert run.reload().state == "stopped"
    assert (run.reload().summary or {})["test_accuracy"] is not None
    assert list((run.path / layout.REQUESTS).iterdir()) == []


def test_the_folder_of_a_finished_run_holds_what_the_format_says(trained: Run) -> None:
    names = sorted(path.name for path in trained.path.iterdir())
    expected = (Path(__file__).parents[1] / "golden" / "finished-run.txt").read_text().split()
    assert names == expected


@pytest.mark.usefixtures("every_chunk_is_written")
def test_a_run_that_an_older_version_began_goes_on_and_says_that_its_bits_differ(store: RunStore, tiny: Tiny) -> None:
    """Its steps summed in another order; its checkpoints did not say in which."""
    run = queue(store, tiny(epochs=4))
    for event in train(Experiment.build(run.experiment), run, device="cpu"):
        if getattr(event, "epoch", 0) == 2:
            break
    checkpoint = load_checkpoint(run.path)
    assert checkpoint is not None
    del checkpoint.scalars["made_on"]["arithmetic"]
    save_checkpoint(run.path, checkpoint)
    resumed = finish(run.reload())
    assert resumed.state == "finished"
    assert [where["changed"] for where in resumed.document["resumed_on"]] == [["arithmetic 1 -> 2"]]


@pytest.mark.usefixtures("every_chunk_is_written")
def test_a_run_that_goes_on_elsewhere_says_so_and_records_where(store: RunStore, tiny: Tiny) -> None:
    run = queue(store, tiny(epochs=4))
    for event in train(Experiment.build(run.experiment), run, device="cpu"):
        if getattr(event, "epoch", 0) == 2:
            break
    assert run.reload().state == layout.INTERRUPTED
    moved = Experiment.build({**run.experiment, "training": {**run.experiment["training"], "threads": 2}})
    with run.own() as owner:
        owner.update(experiment=moved.to_dict())
    resumed = finish(run.reload())
    assert resumed.state == "finished"
    (where,) = resumed.document["resumed_on"]
    assert where["changed"] == ["threads 1 -> 2"]
    assert where["epoch"] == 1
    (notice,) = resumed.notices
    assert notice.startswith("goes on elsewhere (threads 1 -> 2): not equal to the bit")
    assert notice in (run.path / layout.LOG).read_text()
