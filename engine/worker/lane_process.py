"""A lane's process seen from outside: what it says, and the runs it has in hand."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.machine import count_memory_kills
from engine.store import RunStore
from engine.store.holder import STOPPED, process_state


@dataclass(frozen=True)
class Ending:
    """Why a process ended that had runs in hand, in a line.

    Args:
        cause: the run that did it; None where none did.
        beside: what the other runs are told.
    """

    reason: str
    cause: str | None = None
    beside: str = ""

    def words(self, run_id: str) -> str:
        """For one of its runs."""
        return self.reason if self.cause in (None, run_id) else self.beside


@dataclass(frozen=True)
class Task:
    """A run to be trained, and the state that it is in until a lane takes it."""

    run_id: str
    state: str


class LaneProcess:
    """A lane, started. What it says arrives in `heard`, and at last None: it is dead.

    Args:
        lanes: runs that share the device.
        room: runs that it trains at once.

    Attributes:
        tasks: what it has in hand, by run id, in the order in which it was handed over.
        tasks_done: how many it had before.
        ending: why it has to end, where we know it before it is dead: we kill it, or a run broke its GPU.
        said: the end of what it wrote to stderr outside the logs of its runs; known when it is dead.
        memory_kills: how often the kernel killed for memory in its cgroup before it was started; None: not known.
    """

    def __init__(self, store: RunStore, device: str, lanes: int, heard: queue.SimpleQueue[Any], room: int = 1) -> None:
        self.memory_kills = count_memory_kills()
        # -P: what lies in the folder where a user stands is not imported
        command = [sys.executable, "-P", "-m", "engine.worker.lane", "--runs", str(store.root.resolve())]
        self.process = subprocess.Popen(
            [*command, "--device", device, "--lanes", str(lanes), "--room", str(room)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # ctrl-c and a hang-up reach the parent, who asks the lane to end well
            env=_environment(),
        )
        self._room, self._is_retired = room, False
        self.tasks: dict[str, Task] = {}
        self.tasks_done = 0
        self.ending: Ending | None = None
        self.said = ""
        self._listener = threading.Thread(target=self._listen, args=(heard,), daemon=True)
        self._listener.start()

    @property
    def has_room(self) -> bool:
        """Whether it takes another run."""
        return self._is_listening and not self._is_retired and len(self.tasks) < self._room

    @property
    def _is_listening(self) -> bool:
        return self.process.stdin is not None and not self.process.stdin.closed

    def hand(self, task: Task) -> None:
        """Give it a run to train."""
        self.tasks[task.run_id] = task
        self.tell(run=task.run_id, state=task.state)

    def is_done_with(self, run_id: str) -> None:
        """It said that it has this run in hand no more."""
        self.tasks_done += self.tasks.pop(run_id, None) is not None
        if self._is_retired and not self.tasks:
            self.let_go()

    def retire(self) -> None:
        """It takes no more runs, and ends with the last one that it has."""
        self._is_retired = True
        if not self.tasks:
            self.let_go()

    def tell(self, **message: Any) -> None:
        """Say something to it, unless it was let go."""
        if not self._is_listening:
            return
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it is dead; the thread that listens says so
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()

    def let_go(self) -> None:
        """It takes no more runs, and ends at once; those that train checkpoint first."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()

    def is_gone(self, wait_seconds: float) -> bool:
        """Whether it ended, within this time."""
        self._listener.join(wait_seconds)
        return not self._listener.is_alive()

    def wake(self) -> None:
        """Let it go on where somebody stopped it (SIGSTOP): it cannot hear what is said to it."""
        if self.process.poll() is None and process_state(self.process.pid) in (STOPPED, ""):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self, why: Ending) -> None:
        """End the process and all it started, whatever they do. Only our own child is signalled."""
        if self.process.poll() is None:
            self.ending = self.ending or why
            os.killpg(self.process.pid, signal.SIGKILL)

    def _listen(self, heard: queue.SimpleQueue[Any]) -> None:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        with self.process.stdout, self.process.stderr:
            for line in self.process.stdout:
                if line.endswith("\n"):  # else it was killed in the middle of a word
                    heard.put((self, json.loads(line)))
            self.said = self.process.stderr.read()[-4000:]
        self.process.wait()
        heard.put((self, None))


def _environment() -> dict[str, str]:
    """This environment, with this source on the path, and cuBLAS told to be reproducible before it starts.

    One malloc arena: glibc gives other threads arenas of their own, which return and fetch pages all the time; the
    training thread lost up to a quarter of its speed to that.
    """
    source = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "CUBLAS_WORKSPACE_CONFIG": ":4096:8", "MALLOC_ARENA_MAX": "1"}
