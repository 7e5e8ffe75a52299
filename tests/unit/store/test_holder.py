"""Who holds a lock, in words that are true."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store.holder import STOPPED, holder_words, is_stopped, process_state
from engine.store.lock import take_lock
from tests.faults.processes import wait_for

HOLD = """
import pathlib, sys
from engine.store.lock import take_lock
lock = take_lock(pathlib.Path(sys.argv[1]), wait_seconds=0)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "owner.lock"


@pytest.fixture
def holder(lock: Path) -> Iterator[subprocess.Popen[str]]:
    source = str(Path(__file__).parents[3])
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_holder_that_is_stopped_is_named_with_the_remedy(lock: Path, holder: subprocess.Popen[str]) -> None:
    assert holder_words(lock) == f"process {holder.pid}"
    assert not is_stopped(lock)
    os.kill(holder.pid, signal.SIGSTOP)
    wait_for(lambda: process_state(holder.pid) == STOPPED)
    assert is_stopped(lock)
    assert holder_words(lock) == (
        f"process {holder.pid}, which is stopped (SIGSTOP, or ctrl-z); kill -CONT {holder.pid} lets it go on"
    )


def test_of_a_stranger_whose_pid_stands_in_a_lock_nothing_is_told(lock: Path, holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGSTOP)
    wait_for(lambda: process_state(holder.pid) == STOPPED)
    other = lock.with_name("other.lock")
    held = take_lock(other, wait_seconds=0)
    other.write_text(json.dumps({"pid": holder.pid, "host": socket.gethostname(), "since": "now"}))
    assert not is_stopped(other)
    assert holder_words(other) == f"process {holder.pid} on {socket.gethostname()}"
    held.release()
    assert holder_words(other) == "the process that has it"
