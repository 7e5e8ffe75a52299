"""Writing a run: whole or not at all, by one process, with requests from nobody else."""

from __future__ import annotations

import errno
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RefusedError, StorageFullError
from engine.store import Run, RunStore
from engine.store.arrays import DamagedFileError, decode_arrays, encode_arrays
from engine.store.history import parse_history

EXPERIMENT: dict[str, Any] = {"dataset": {"classes": []}, "model": {}, "training": {}}
BAND = {"mean": 0.5, "p25": 0.4, "p75": 0.6}


def epoch(number: int) -> dict[str, Any]:
    split = {"loss": BAND, "accuracy": BAND}
    return {"event": "epoch", "epoch": number, "seconds": 0.1, "lr": 0.01, "train": split, "validation": None}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return RunStore(tmp_path / "runs").create(EXPERIMENT, fingerprint="f" * 16, name="one")


def test_keys_that_this_version_does_not_know_survive(run: Run) -> None:
    (run.path / "run.json").write_text(json.dumps({**run.document, "future": {"a": [1]}}))
    with run.own() as owner:
        owner.update(state="training")
        owner.update(state="finished", summary={"test_accuracy": math.nan})
    assert run.reload().document["future"] == {"a": [1]}
    assert run.reload().summary == {"test_accuracy": None}


def test_a_second_owner_is_refused_by_the_pid_of_the_first_and_writes_nothing(run: Run) -> None:
    with run.own():
        before = {path: path.read_bytes() for path in run.path.iterdir()}
        with pytest.raises(RefusedError, match=f"process {os.getpid()} on "):
            run.own(wait_seconds=0.05)
        assert before == {path: path.read_bytes() for path in run.path.iterdir()}
    run.own().release()


def test_a_killed_owner_leaves_an_interrupted_run_that_the_next_may_own(run: Run) -> None:
    script = (
        "import os, sys; from engine.store import RunStore\n"
        "owner = RunStore(sys.argv[1]).get(sys.argv[2]).own()\n"
        "owner.update(state='training'); print('ready', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(run.path.parent), run.id], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == b"ready\n"
    assert run.reload().state == "training"
    child.kill()
    child.wait()
    child.stdout.close()
    child.stdin.close()
    assert run.reload().state == "interrupted"
    run.own().release()


def test_history_is_cut_to_an_epoch_and_to_whole_lines(run: Run) -> None:
    with run.own() as owner:
        owner.append_history([epoch(1), epoch(2), epoch(3)])
        path = run.path / "history.jsonl"
        whole = path.read_bytes()
        for end in range(len(whole) + 1):
            path.write_bytes(whole[:end])
            records = run.history().records
            assert [record["epoch"] for record in records] == [1, 2, 3][: whole[:end].count(b"\n")]
            owner.cut_history(2)
            assert [record["epoch"] for record in run.history().records] == [1, 2][: len(records)]
            assert path.read_bytes() in (b"", whole[: path.stat().st_size])


@given(st.binary(max_size=200), st.integers(0, 2))
def test_any_damage_in_the_middle_is_skipped_and_counted(noise: bytes, position: int) -> None:
    noise = noise.replace(b"\n", b"")
    lines = [json.dumps(epoch(number)).encode() for number in (1, 2)]
    lines.insert(position, noise)
    history = parse_history(b"\n".join(lines) + b"\n")
    assert [record["epoch"] for record in history.records] == [1, 2]
    assert history.skipped == bool(noise.strip())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_for_a_record_is_skipped_or_a_record(value: Any) -> None:
    history = parse_history(json.dumps({**epoch(1), "train": value}).encode() + b"\n")
    assert len(history.records) + history.skipped == 1


FAILURES: list[tuple[int, type[Exception], str]] = [
    (errno.ENOSPC, StorageFullError, "disk full"),
    (errno.EDQUOT, StorageFullError, "disk quota"),
    (errno.EFBIG, StorageFullError, "file size limit"),
    (errno.EROFS, RefusedError, "read-only"),
    (errno.EACCES, RefusedError, "no permission"),
]


@pytest.mark.parametrize(("number", "kind", "words"), FAILURES)
def test_a_failing_write_is_explained_and_leaves_what_was_there(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception], words: str
) -> None:
    with run.own() as owner:
        owner.append_history([epoch(1)])
        before = {path.name: path.read_bytes() for path in run.path.iterdir()}
        write = os.write

        def half(descriptor: int, data: bytes) -> int:
            if len(data) < 8:
                raise OSError(number, os.strerror(number))
            return write(descriptor, data[: len(data) // 2])  # a short write first, then the failure

        monkeypatch.setattr("engine.store.files.os.write", half)
        for action in (lambda: owner.update(state="training"), lambda: owner.append_history([epoch(2)])):
            with pytest.raises(kind, match=words):
                action()
        monkeypatch.undo()
        assert before == {path.name: path.read_bytes() for path in run.path.iterdir()}


def test_a_short_write_is_completed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr("engine.store.files.os.write", lambda descriptor, data: write(descriptor, data[:7]))
    with run.own() as owner:
        owner.update(state="training")
        owner.append_history([epoch(1), epoch(2)])
    assert len(run.history().records) == 2


OPERATIONS = ("open", "write", "fsync", "close", "replace", "rename", "ftruncate", "unlink", "mkdir", "utime")


def life_of_a_run(root: Path) -> None:
    run = RunStore(root).create(EXPERIMENT, fingerprint="f" * 16, name="one")
    with run.own() as owner:
        owner.update(state="training")
        for number in (1, 2):
            owner.append_history([epoch(number)])
        owner.cut_history(1)
        owner.write_report({"format": 1})
        owner.update(state="finished", summary={"test_accuracy": 0.5})


def live_until(root: Path, nth: int) -> int:
    """The life of a run in a process that kills itself before its Nth operation; its exit status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    done = 0

    def deadly(original: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            nonlocal done
            done += 1
            if done == nth:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        return counted

    for name in OPERATIONS:
        setattr(os, name, deadly(getattr(os, name)))
    life_of_a_run(root)
    os._exit(0)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_kill_before_any_operation_leaves_readable_runs(tmp_path: Path) -> None:
    nth, status = 0, -1
    while status != 0:
        nth += 1
        root = tmp_path / str(nth)
        status = live_until(root, nth)
        assert status in (0, signal.SIGKILL)
        for run in RunStore(root).runs():
            assert run.damage is None
            assert run.state in ("queued", "interrupted", "finished")
            with run.own() as owner:
                owner.cut_history(2)
                owner.update(state="stopped")
            assert not [path for path in run.path.iterdir() if path.name.startswith(".tmp-")]
    assert nth > 30


def test_requests_come_oldest_first_and_are_removed_when_granted(run: Run) -> None:
    run.request("pause")
    run.request("resume")
    with run.own() as owner:
        requests = owner.take_requests()
        assert [request.kind for request in requests] == ["pause", "resume"]
        for request in requests:
            request.grant()
        assert owner.take_requests() == []


def test_requests_that_a_stranger_could_have_written_are_refused(run: Run) -> None:
    run.request("stop")
    (path,) = (run.path / "requests").iterdir()
    path.chmod(0o622)
    (run.path / "requests" / "link").symlink_to("/etc/passwd")
    (run.path / "requests" / "noise").write_text("{")
    (run.path / "requests" / "noise").chmod(0o600)
    with run.own() as owner:
        assert owner.take_requests() == []
    assert list((run.path / "requests").iterdir()) == []
    log = (run.path / "worker.log").read_text()
    assert "others may write it" in log
    assert "not a regular file" in log
    assert "not a request" in log


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that another user owns")
def test_requests_of_another_user_are_refused(run: Run) -> None:
    run.request("stop")
    (path,) = (run.path / "requests").iterdir()
    os.chown(path, 65534, 65534)
    with run.own() as owner:
        assert owner.take_requests() == []
        owner.release_reserve()
    assert "belongs to user 65534" in (run.path / "worker.log").read_text()


def test_old_wishes_are_forgotten_but_edits_are_not(run: Run) -> None:
    for kind, payload in (("stop", {}), ("edit", {"name": "new"}), ("pause", {})):
        run.request(kind, **payload)
    with run.own() as owner:
        owner.forget_requests()
        assert [request.kind for request in owner.take_requests()] == ["edit"]


def test_arrays_come_back_equal_and_a_flipped_bit_is_seen() -> None:
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array(3, dtype=np.int64), "c": np.zeros(0)}
    data = encode_arrays(arrays, {"epoch": 3})
    assert all(encode_arrays(arrays, {"epoch": 3}) == data for _ in range(20))
    back, scalars = decode_arrays(data)
    assert scalars == {"epoch": 3}
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)
    for position in range(len(data)):
        flipped = bytearray(data)
        flipped[position] ^= 1
        try:
            again, also = decode_arrays(bytes(flipped))
        except DamagedFileError:
            continue
        # padding of the header, which carries nothing
        assert also == scalars
        assert all(np.array_equal(again[name], arrays[name]) for name in arrays)


def test_wishes_keep_their_order_when_the_clock_goes_back(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.request("pause")
    monkeypatch.setattr("engine.store.requests.time.time_ns", lambda: 1)
    run.request("resume")
    run.request("stop")
    with run.own() as owner:
        assert [request.kind for request in owner.take_requests()] == ["pause", "resume", "stop"]


@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_requests_in_a_folder_that_others_may_write_are_refused_and_told_once(run: Run, mode: int) -> None:
    run.request("stop")
    (run.path / "requests").chmod(mode)
    with run.own() as owner:
        assert owner.take_requests() == owner.take_requests() == []
    assert (run.path / "worker.log").read_text().count("others may write it") == 1


def test_a_refused_request_that_cannot_be_removed_is_told_once(run: Run) -> None:
    (run.path / "requests" / "folder").mkdir(parents=True, mode=0o700)
    (run.path / "requests").chmod(0o700)
    with run.own() as owner:
        for _ in range(3):
            assert owner.take_requests() == []
    assert (run.path / "worker.log").read_text().count("not a regular file") == 1


def test_an_edit_that_comes_after_the_last_step_is_written_when_the_run_is_let_go(run: Run) -> None:
    from engine.store import edit_run

    with run.own() as owner:
        owner.update(state="evaluating")
        edit_run(run.reload(), name="renamed")
        owner.update(state="finished")
    assert run.reload().name == "renamed"
    assert list((run.path / "requests").iterdir()) == []
