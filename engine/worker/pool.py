"""Lanes seen from outside: started, fed with runs, told to leave, and their deaths put on record."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ExitCode, LabError
from engine.execution.control import Leave
from engine.store import Run, RunStore, layout


@dataclass(frozen=True)
class LaneEnded:
    """A lane is done with a run. `error` says what no state of the run can: why it was not even tried."""

    run_id: str
    error: str | None = None
    exit_code: int = ExitCode.DONE


class _LaneProcess:
    """One lane: its process, and the run it has in hand."""

    def __init__(self, store: RunStore, device: str, lanes: int, heard: queue.SimpleQueue[Any]) -> None:
        command = [sys.executable, "-m", "engine.worker.lane", "--runs", str(store.root.resolve())]
        self.process = subprocess.Popen(
            [*command, "--device", device, "--lanes", str(lanes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,  # ctrl-c and a hang-up reach the parent, who asks the lane to end well
            env=_environment(),
        )
        self.run_id: str | None = None
        self.said = ""
        self.listener = threading.Thread(target=self._listen, args=(heard,), daemon=True)
        self.listener.start()

    def tell(self, **message: Any) -> None:
        try:
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return  # it is dead; the thread that listens says so

    def _listen(self, heard: queue.SimpleQueue[Any]) -> None:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        with self.process.stdout, self.process.stderr:
            for line in self.process.stdout:
                heard.put((self, json.loads(line)))
            self.said = self.process.stderr.read()[-4000:]
        self.process.wait()
        heard.put((self, None))


class LanePool:
    """Trains runs in up to `lanes` processes at once, in the order in which they were added.

    Args:
        device: for all runs; empty: each as its own request says.
    """

    def __init__(self, store: RunStore, device: str, lanes: int) -> None:
        self._store, self._device, self._size = store, device, lanes
        self._heard: queue.SimpleQueue[tuple[_LaneProcess, dict[str, Any] | None]] = queue.SimpleQueue()
        self._lanes: list[_LaneProcess] = []
        self._waiting: list[str] = []
        self._leaving = Leave.NO

    def add(self, run: Run) -> None:
        self._waiting.append(run.id)
        self._feed()

    @property
    def free(self) -> int:
        """Runs that would start at once."""
        return self._size - len(self._waiting) - sum(lane.run_id is not None for lane in self._lanes)

    @property
    def under_way(self) -> list[str]:
        """Ids of the runs that lanes have in hand."""
        return [lane.run_id for lane in self._lanes if lane.run_id]

    @property
    def is_busy(self) -> bool:
        return bool(self._waiting) or any(lane.run_id for lane in self._lanes)

    def poll(self, seconds: float) -> list[LaneEnded]:
        """Wait up to `seconds` for lanes to end runs; free ones get the next."""
        ended = []
        try:
            lane, message = self._heard.get(timeout=seconds)
        except queue.Empty:
            return []
        if message is None:
            self._lanes.remove(lane)
            self._close(lane)
            if lane.run_id:
                ended.append(self._bury(lane))
        elif "ended" in message:
            lane.run_id = None
            ended.append(LaneEnded(message["ended"], message.get("error"), message.get("exit", ExitCode.DONE)))
            if message.get("state") == "failed":
                self._close(lane)  # a new process: this one may hold what the failed run left behind
        self._feed()
        return ended

    def leave(self, how: Leave) -> list[str]:
        """Ask the runs under way to end; the ids of those that had not begun are returned, and forgotten."""
        self._leaving = max(self._leaving, how)
        for lane in self._lanes:
            lane.tell(leave=self._leaving.name)
        forgotten, self._waiting = self._waiting, []
        return forgotten

    def kill(self, run_id: str) -> None:
        """End the process of a lane that does not answer, and all it started. Only our own child is signalled."""
        for lane in self._lanes:
            if lane.run_id == run_id and lane.process.poll() is None:
                os.killpg(lane.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Let every lane go; one that trains checkpoints first."""
        for lane in list(self._lanes):
            self._close(lane)
        for lane in list(self._lanes):
            lane.process.wait()
            lane.listener.join()

    def _close(self, lane: _LaneProcess) -> None:
        try:
            assert lane.process.stdin is not None
            lane.process.stdin.close()
        except BrokenPipeError:
            return

    def _feed(self) -> None:
        for lane in self._lanes:
            if self._waiting and lane.run_id is None and not self._is_closed(lane):
                self._hand(lane)
        while self._waiting and len([lane for lane in self._lanes if not self._is_closed(lane)]) < self._size:
            lane = _LaneProcess(self._store, self._device, self._size, self._heard)
            self._lanes.append(lane)
            self._hand(lane)

    def _hand(self, lane: _LaneProcess) -> None:
        lane.run_id = self._waiting.pop(0)
        lane.tell(run=lane.run_id)

    @staticmethod
    def _is_closed(lane: _LaneProcess) -> bool:
        return lane.process.stdin is None or lane.process.stdin.closed

    def _log_of(self, run_id: str) -> str:
        try:
            return (self._store.get(run_id).path / layout.LOG).read_text(errors="replace")[-4000:]
        except (OSError, LabError):
            return ""

    def _bury(self, lane: _LaneProcess) -> LaneEnded:
        """A lane died with a run in hand: say on the run what killed it."""
        code = lane.process.returncode
        if code < 0:
            name = signal.Signals(-code).name
            reason = f"killed by {name}" + (", maybe out of memory" if -code == signal.SIGKILL else "")
        else:
            said = lane.said or self._log_of(str(lane.run_id))
            reason = (said.strip().splitlines() or [f"the training process ended with exit code {code}"])[-1]
        run_id = str(lane.run_id)
        try:
            with self._store.get(run_id).own() as owner:
                failure = {"kind": "died", "reason": reason}
                if code == -signal.SIGKILL:  # it did nothing wrong, and can go on: interrupted
                    owner.update(failure=failure)
                else:
                    owner.update(state="failed", failure=failure)
                owner.log(lane.said)
        except LabError as error:
            reason = f"{reason}; {error.message}"
        return LaneEnded(run_id, reason, ExitCode.FAILED)


def _environment() -> dict[str, str]:
    """This environment, with this source on the path, and cuBLAS told to be reproducible before it starts.

    One malloc arena: glibc gives other threads arenas of their own, which return and fetch pages all the time; the
    training thread lost up to a quarter of its speed to that.
    """
    source = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "CUBLAS_WORKSPACE_CONFIG": ":4096:8", "MALLOC_ARENA_MAX": "1"}
