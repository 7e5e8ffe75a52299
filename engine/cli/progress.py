"""Progress of runs in the foreground, drawn from their folders: bars on a terminal, a line a run elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from engine.cli.output import console, print_note
from engine.format import counted
from engine.listing import ended_words, fetch_words, progress_words, share_done
from engine.text import clean

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from engine.store import Run


_WIDE = 110


class ProgressView(Protocol):
    """Shows runs while they train. `update` is called some times a second with fresh runs, and who has ended."""

    def update(self, runs: Sequence[Run], ended: Collection[str]) -> None: ...
    def close(self) -> None: ...


def open_progress(total_runs: int) -> ProgressView:
    """Bars where stderr is a terminal, lines where it is not."""
    return Bars(total_runs) if sys.stderr.isatty() else Lines(total_runs)


class _News:
    """What runs notice, each thing once, though all runs of a study notice it."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def of(self, run: Run) -> list[str]:
        """The lines that are new."""
        new = [notice for notice in dict.fromkeys(run.notices) if notice not in self._told]
        self._told.update(new)
        return [f"{clean(run.name)}: {clean(notice)}" for notice in new]


class Lines:
    """One line when a run begins and one when it ends."""

    def __init__(self, total_runs: int) -> None:
        self._total = total_runs
        self._news = _News()
        self._fetching: set[str] = set()
        self._begun: set[str] = set()
        self._done: set[str] = set()

    def update(self, runs: Sequence[Run], ended: Collection[str]) -> None:
        for run in runs:
            if run.id in self._done:
                continue
            for line in self._news.of(run):
                print_note(line)
            if run.id in ended:
                self._done.add(run.id)
                print_note(f"{clean(run.name)}: {ended_words(run)}  ({len(self._done)} of {self._total})")
            elif run.id not in self._fetching and fetch_words(run):
                self._fetching.add(run.id)
                print_note(f"{clean(run.name)}: {fetch_words(run)}")
            elif run.state == "training" and run.id not in self._begun:
                self._begun.add(run.id)
                epochs = (run.experiment.get("training") or {}).get("epochs", "?")
                print_note(f"{clean(run.name)}: training, {counted(epochs, 'epoch')}")

    def close(self) -> None:
        """Nothing to take down."""


class Bars:
    """One bar a run under way, over epochs × batches, and one for all runs."""

    def __init__(self, total_runs: int) -> None:
        self._narrow = console(stderr=True).width < _WIDE
        self._progress = _bars(10 if self._narrow else 16)
        self._total = total_runs
        self._all: TaskID | None = None
        if total_runs > 1:
            self._all = self._progress.add_task(
                "all runs", total=total_runs, words=f"0 of {counted(total_runs, 'run')}"
            )
        self._tasks: dict[str, TaskID] = {}
        self._news = _News()
        self._done: set[str] = set()
        self._progress.start()

    def update(self, runs: Sequence[Run], ended: Collection[str]) -> None:
        shares = 0.0
        for run in runs:
            share = self._update_run(run, has_ended=run.id in ended)
            shares += share
        if self._all is not None:
            words = f"{len(self._done)} of {counted(self._total, 'run')}"
            self._progress.update(self._all, completed=shares, words=words)

    def _update_run(self, run: Run, *, has_ended: bool) -> float:
        """Draw one run; returns the share of it that is done."""
        state = run.state
        for line in self._news.of(run):
            self._progress.console.print(line, highlight=False)
        if has_ended:
            if run.id not in self._done:
                self._done.add(run.id)
                if run.id in self._tasks:
                    self._progress.remove_task(self._tasks.pop(run.id))
                self._progress.console.print(f"{clean(run.name)}: {ended_words(run)}", highlight=False)
            return 1.0
        if not run.is_alive:
            return 0.0
        if run.id not in self._tasks:
            name = _tail(clean(run.name), 14 if self._narrow else 24)
            self._tasks[run.id] = self._progress.add_task(name, total=1.0, words=state)
        progress = run.progress()
        if not progress:
            self._progress.update(self._tasks[run.id], words=fetch_words(run) or state)
            return 0.0
        share = share_done(progress)
        self._progress.update(
            self._tasks[run.id], completed=share, words=progress_words(progress, state, narrow=self._narrow)
        )
        return share

    def close(self) -> None:
        self._progress.stop()


def _tail(name: str, width: int) -> str:
    """The end of a name, which tells runs of a study apart."""
    return name if len(name) <= width else "…" + name[1 - width :]


def _bars(width: int) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=width),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[words]}", markup=False),
        console=console(stderr=True),
        transient=True,
    )
