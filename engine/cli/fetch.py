"""Fetching data sets with a bar, for `data fetch` and for what `--fetch` asks for."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from engine.cli.output import console, print_note
from engine.text import clean


def fetch_with_bar(name: str, data_dir: Path | None) -> Path:
    """The archive of a data set, fetched; a bar on a terminal, else a line for each tenth.

    Raises:
        LabError: as `engine.data.fetch_dataset`.
    """
    from engine.data import default_data_dir, fetch_dataset

    place = data_dir or default_data_dir()
    again = _Tries(name)
    if not sys.stderr.isatty():
        told: list[int] = []

        def tell(done: int, total: int, trouble: str) -> None:
            again.tell(trouble)
            share = 10 * done // max(total, 1)
            if share not in told:
                told.append(share)
                print_note(f"{clean(name)} into {clean(place)}: {done >> 20:,} of {total >> 20:,} MiB")

        return fetch_dataset(name, place, progress=tell)
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)

        def draw(done: int, total: int, trouble: str) -> None:
            again.tell(trouble)
            bar.update(task, completed=done, total=total)

        return fetch_dataset(name, place, progress=draw)


class _Tries:
    """Says why nothing comes, once for each new try."""

    def __init__(self, name: str) -> None:
        self._name, self._told = name, {""}

    def tell(self, trouble: str) -> None:
        attempt, _, when = trouble.rpartition(" in ")
        if when and attempt not in self._told:
            self._told.add(attempt)
            print_note(f"{clean(self._name)}: {clean(trouble)}")


def leave_fetch(names: Iterable[str], data_dir: Path | None, *, detach: bool) -> bool:
    """Whether some of these data sets are left for the worker to fetch; in the foreground they are fetched now."""
    from engine.data.absent import is_to_be_fetched

    missing = [name for name in dict.fromkeys(names) if is_to_be_fetched(name, data_dir)]
    for name in missing if not detach else ():
        fetch_with_bar(name, data_dir)
    return detach and bool(missing)
