"""One lane seen from outside: its process, what it says, and the run it has in hand."""

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
class Task:
    """A run to be trained, and the state that it is in until a lane takes it."""

    run_id: str
    state: str


class LaneProcess:
    """A lane, started. What it says arrives in `heard`, and at last None: it is dead.

    Attributes:
        task: what it has in hand.
        tasks_done: how many it had before.
        killed_because: why we ended it ourselves.
        said: the end of what it wrote to stderr outside the logs of its runs; known when it is dead.
        memory_kills: how often the kernel killed for memory in its cgroup before it was started; None: not known.
    """

    def __init__(self, store: RunStore, device: str, lanes: int, heard: queue.SimpleQueue[Any]) -> None:
        self.memory_kills = count_memory_kills()
        # -P: what lies in the folder where a user stands is not imported
        command = [sys.executable, "-P", "-m", "engine.worker.lane", "--runs", str(store.root.resolve())]
        self.process = subprocess.Popen(
            [*command, "--device", device, "--lanes", str(lanes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # ctrl-c and a hang-up reach the parent, who asks the lane to end well
            env=_environment(),
        )
        self.task: Task | None = None
        self.tasks_done = 0
        self.killed_because: str | None = None
        self.said = ""
        self._listener = threading.Thread(target=self._listen, args=(heard,), daemon=True)
        self._listener.start()

    @property
    def is_open(self) -> bool:
        """Whether it takes another run."""
        return self.process.stdin is not None and not self.process.stdin.closed

    def hand(self, task: Task) -> None:
        """Give it a run to train."""
        self.task = task
        self.tell(run=task.run_id, state=task.state)

    def tell(self, **message: Any) -> None:
        """Say something to it, unless it was let go."""
        if not self.is_open:
            return
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it is dead; the thread that listens says so
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()

    def let_go(self) -> None:
        """It takes no more runs, and ends; one that trains checkpoints first."""
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

    def kill(self, why: str) -> None:
        """End the process and all it started, whatever they do. Only our own child is signalled."""
        if self.process.poll() is None:
            self.killed_because = why
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
