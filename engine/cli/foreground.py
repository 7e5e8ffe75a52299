"""Runs trained while the user watches: lanes at work, progress drawn, signals turned into orderly ends."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from engine.cli.output import print_note
from engine.cli.progress import open_progress
from engine.errors import ExitCode
from engine.execution.control import Leave
from engine.format import counted
from engine.listing import precision_words
from engine.machine import default_lanes, runs_in_process
from engine.store import Run, RunStore
from engine.text import clean
from engine.worker.pool import LanePool

_LOOK_SECONDS = 0.1
_DRAW_SECONDS = 0.25


class Signals:
    """What the terminal and the system asked for: how to leave, and with which exit code."""

    def __init__(self) -> None:
        self.leave = Leave.NO
        self.exit_code = ExitCode.DONE

    def handle(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            self.leave = Leave.ABANDON if self.leave is not Leave.NO else Leave.AFTER_EPOCH
            self.exit_code = ExitCode.INTERRUPTED
        else:
            self.leave = max(self.leave, Leave.NOW)
            self.exit_code = ExitCode.TERMINATED if number == signal.SIGTERM else ExitCode.HANGUP


@contextmanager
def listening() -> Iterator[Signals]:
    """SIGINT, SIGTERM and SIGHUP recorded instead of fatal."""
    signals = Signals()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signals.handle) for number in numbers}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def train_in_foreground(
    store: RunStore, makers: Sequence[Callable[[], Run]], device: str, lanes: int | None = None
) -> tuple[ExitCode, list[Run]]:
    """Train runs to their end, in lanes. A run is made when a lane is free for it, and not before.

    Args:
        makers: each makes, or finds, one run in state `queued`.
        lanes: runs at once; None: what suits the device.

    Returns:
        DONE, FAILED if a run failed, or the code of the signal that ended it; and the runs that were begun.
    """
    lanes = lanes or default_lanes(device, len(makers))
    pool = LanePool(store, device, lanes, runs_in_process(device, lanes))
    pending, runs = deque(makers), list[Run]()
    outcome = ExitCode.DONE
    with listening() as signals:
        view = open_progress(len(makers))
        try:
            asked, drawn = Leave.NO, 0.0
            over: set[str] = set()
            while pool.is_busy or (pending and asked is Leave.NO):
                while pending and pool.free and signals.leave is Leave.NO:
                    runs.append(pending.popleft()())
                    pool.add(runs[-1])
                for ended in pool.poll(_LOOK_SECONDS):
                    over.add(ended.run_id)
                    if ended.error:
                        print_note(f"{clean(store.get(ended.run_id).name)}: {clean(ended.error)}")
                        outcome = ExitCode(ended.exit_code)
                if signals.leave > asked:
                    asked = signals.leave
                    print_note(_LEAVING[asked])
                    pool.leave(asked)
                if time.monotonic() - drawn >= _DRAW_SECONDS:
                    view.update([run.reload() for run in runs], over)
                    drawn = time.monotonic()
            view.update([run.reload() for run in runs], over)
        finally:
            view.close()
            pool.close()
    if signals.exit_code:
        if pending:
            print_note(
                f"{counted(len(pending), 'run')} had not begun, and {'was' if len(pending) == 1 else 'were'} not made"
            )
        return signals.exit_code, runs
    for note in dict.fromkeys(precision_words(run.reload()) for run in runs):
        if note:
            print_note(note)
    failed = any(run.reload().state == "failed" for run in runs)
    return (ExitCode.FAILED if failed and outcome is ExitCode.DONE else outcome), runs


_LEAVING = {
    Leave.AFTER_EPOCH: "finishing the epoch, then evaluating and saving; ctrl-c again: stop now, checkpoint kept",
    Leave.NOW: "stopping: checkpoint, evaluation, then the end",
    Leave.ABANDON: "stopping now; the checkpoint is kept: `cnnlab resume RUN` goes on",
}
