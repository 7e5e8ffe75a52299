"""Data that a run asked to be fetched, before it is started. No torch: its memory is not held for that long."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from engine.data.absent import is_to_be_fetched
from engine.data.cache import default_data_dir
from engine.data.fetch import ARCHIVES, fetch_dataset
from engine.data.fetch_pace import FetchNews, Pace
from engine.errors import LabError
from engine.execution.control import Control, Leave
from engine.execution.phases import Phases
from engine.store import Run, RunOwner, layout


class _LeftError(Exception):
    """Somebody wants the run to end while its data are fetched."""


@dataclass(frozen=True)
class Awaited:
    """A data set that is to be fetched into a folder."""

    name: str
    folder: Path

    def __str__(self) -> str:
        return f"{self.name} in {self.folder}"


def awaited_data(run: Run) -> Awaited | None:
    """What a run asked to be fetched; None where it is there, or nothing was asked. Looks for files."""
    request = run.document.get("request") or {}
    folder = Path(request["data_dir"]) if isinstance(request.get("data_dir"), str) else None
    name = str((run.experiment.get("dataset") or {}).get("name"))
    if request.get("fetch") is not True or not is_to_be_fetched(name, folder):
        return None
    return Awaited(name, folder or default_data_dir())


def fetch_data(owner: RunOwner, control: Control, phases: Phases) -> bool:
    """Fetch what a run asked for, telling how far it is; one that is stopped meanwhile is `stopped`.

    Returns:
        Whether the run can go on.

    Raises:
        LabError: why its data cannot be had now; the run is `queued` again, and says so.
    """
    awaited = awaited_data(owner.run)
    if awaited is None:
        return True
    phases.begin(f"fetching {awaited.name}")

    def tell(news: FetchNews) -> None:
        phases.tell(fetch=asdict(news))
        control.take_requests(owner)

    pace = Pace(tell)

    def step(done: int, total: int, trouble: str) -> None:
        pace.step(done, total, trouble)
        if control.leave is not Leave.NO:
            raise _LeftError

    try:
        fetch_dataset(awaited.name, awaited.folder, progress=step)
    except _LeftError:
        owner.clear_progress()
        if control.leave is not Leave.ABANDON:
            owner.update(state="stopped")
        return False
    except LabError as error:
        owner.clear_progress()
        owner.log(f"{error.message}\n")
        owner.release_reserve()  # the disk may be full
        reason = error.message.removeprefix(f"{ARCHIVES[awaited.name].url}: ")
        owner.update(state=layout.QUEUED, waiting=f"{awaited.name} not fetched: {reason}")
        raise
    return True
