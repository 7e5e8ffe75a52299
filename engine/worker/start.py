"""Starting a worker that outlives whoever started it: a session of its own, and no terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from engine.store import Run, RunStore
from engine.worker.backlog import device_of, note_waiting
from engine.worker.burial import signal_name
from engine.worker.place import WorkerPlace

_PATIENCE_SECONDS = 5.0
_LOOK_SECONDS = 0.02


class _StillStartingError(Exception):
    """The worker neither serves nor has it ended: a cold disk, or a machine that is busy."""


def ensure_worker(store: RunStore, device: str, lanes: int | None = None) -> str | None:
    """See that a worker serves this device; start one if there is none.

    Args:
        device: `cpu`, `cuda:0`.
        lanes: of a worker that is started; None: what suits the device.

    Returns:
        Why there is none, in a line; None where there is one.

    Raises:
        _StillStartingError: if that is not known yet.
    """
    place = WorkerPlace(store, device)
    if place.is_manned:
        return place.what_keeps_it
    log, said_before = place.open_log(), place.log_size()
    try:
        command = [*_program(), "worker", "--runs", str(store.root.resolve()), "--device", device]
        process = subprocess.Popen(
            [*command, *(["--lanes", str(lanes)] if lanes else [])],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a hang-up of this terminal does not reach it
            cwd="/",
            env={**os.environ, "PYTHONPATH": _path()},
        )
    except OSError as error:
        return f"no worker could be started: {error.strerror}"
    finally:
        os.close(log)
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while not place.is_manned:
        if process.poll() is not None:
            if process.returncode == 0 or place.is_manned:
                return None  # it found nothing to do, or another one was faster
            return f"the worker {_end_words(process.returncode)}: {place.log_tail(said_before) or 'its log is empty'}"
        if time.monotonic() > give_up:
            process.returncode = 0  # it is on its own: nobody waits for it
            raise _StillStartingError(f"the worker has not begun to serve yet; see {place.log_path}")
        time.sleep(_LOOK_SECONDS)
    process.returncode = 0  # it is on its own now: nobody waits for it
    return None


def _end_words(code: int) -> str:
    return f"was killed by {signal_name(-code)}" if code < 0 else f"ended with exit code {code}"


def put_to_work(store: RunStore, runs: list[Run], lanes: int | None = None) -> list[str]:
    """Start the workers that queued runs need; where one cannot start, the runs say why.

    Returns:
        The problems, one line each.
    """
    problems = []
    for device in dict.fromkeys(device_of(run) for run in runs):
        try:
            problem = ensure_worker(store, device, lanes)
        except _StillStartingError as error:
            problems.append(f"{device}: {error}")  # told, but not on the runs: it may serve them in a moment
            continue
        if problem is None:
            continue
        problems.append(f"{device}: {problem}")
        for run in runs:
            if device_of(run) == device:
                note_waiting(run, problem)
    return problems


def _program() -> list[str]:
    """`cnnlab` where it is installed beside this Python, so that `ps` shows that name."""
    script = Path(sys.executable).with_name("cnnlab")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "engine.cli"]


def _path() -> str:
    source = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
