"""What waits to be trained: queued runs, by device, in the order in which they will start."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from engine.errors import LabError, RefusedError
from engine.machine import resolve_device
from engine.store import Run, RunStore, layout
from engine.store.clock import utc_now, utc_text
from engine.store.ids import seconds_of_id
from engine.telemetry import device_memory
from engine.worker.place import WorkerPlace, worker_places

NO_WORKER = "no worker; `cnnlab resume --all` or `cnnlab worker` starts one"
_MAKING_SECONDS = 5.0  # between the wish and the id of one run
_BEGIN_SECONDS = 60.0  # a foreground run begins as soon as its lane has started


def device_of(run: Run) -> str:
    """The device that a run asked for, `cpu` or `cuda:0`."""
    return resolve_device(str((run.document.get("request") or {}).get("device") or "auto"))


def queued_runs(runs: Iterable[Run], device: str | None = None) -> list[Run]:
    """Those of the runs that wait for a worker, oldest wish first; of one device, or of all."""
    waiting = [run for run in runs if run.state == layout.QUEUED and not is_elsewhere(run)]
    waiting.sort(key=_wished_at)
    return [run for run in waiting if device is None or device_of(run) == device]


def _wished_at(run: Run) -> tuple[str, str]:
    """The time of the wish. One long before the run's own id was made when the clock had gone back: the id counts."""
    made = seconds_of_id(run.id)
    wished = str((run.document.get("request") or {}).get("queued_at") or "")
    return (wished if wished >= utc_text(made - _MAKING_SECONDS) else utc_text(made + 0.999)), run.id


def is_elsewhere(run: Run) -> bool:
    """Whoever made it trains it, or a newer cnnlab must."""
    return bool((run.document.get("request") or {}).get("foreground")) or run.read_only_reason is not None


def was_left_behind(run: Run) -> bool:
    """Made to be trained in the foreground more than a minute ago, and not begun: whoever made it is gone."""
    queued_at = str((run.document.get("request") or {}).get("queued_at") or "")
    is_waiting = run.state == layout.QUEUED and run.read_only_reason is None and is_elsewhere(run)
    return is_waiting and queued_at < utc_text(time.time() - _BEGIN_SECONDS)


def requeue(run: Run, device: str | None = None) -> Run:
    """Put a run that nobody executes back into the queue; its checkpoint stays, and it goes on from there.

    An interrupted one, and one that its maker left behind, keep their places: the wish is as old as before.
    """
    with run.own() as owner:
        request = dict(owner.run.document.get("request") or {})
        if run.state not in (layout.INTERRUPTED, layout.QUEUED) or not request.get("queued_at"):
            request["queued_at"] = utc_now(milliseconds=True)
        request["foreground"] = False
        if device is not None:
            request["device"] = device
        owner.update(state=layout.QUEUED, request=request, failure=None, waiting=None)
        return owner.run


def unqueue(run: Run) -> Run:
    """Take a run out of the queue: `stopped`, though it never began.

    Raises:
        RefusedError: if a lane has just taken it.
    """
    with run.own() as owner:
        if owner.run.document.get("state") != layout.QUEUED:
            raise RefusedError(f"{run.id} has just begun; stop it again", field="run")
        owner.update(state="stopped", waiting=None)
        return owner.run


def note_waiting(run: Run, why: str | None) -> None:
    """Say on a queued run why it does not start, or that nothing is known against it; one in hand speaks for itself."""
    try:
        with run.own(wait_seconds=0.1) as owner:
            if owner.run.state == layout.QUEUED and owner.run.document.get("waiting") != why:
                owner.update(waiting=why)
    except (LabError, OSError):
        return


def queued_words(run: Run) -> str:
    """Why a queued run has not begun, as far as that can be told by looking."""
    if is_elsewhere(run):
        return f"queued; who made it trains it, or: cnnlab resume {run.id}"
    device = device_of(run)
    place = WorkerPlace(RunStore(run.path.parent), device)
    if why := place.what_keeps_it:
        return f"queued for {device}: {why}"
    if place.is_manned:
        return "queued; `cnnlab queue` says what is before it"
    return f"queued for {device}, which has {NO_WORKER}"


def queue_document(store: RunStore) -> dict[str, Any]:
    """The document of `cnnlab queue --json`: devices with their workers, live runs, then waiting ones in order."""
    runs = store.runs()
    waiting = queued_runs(runs)
    alive = sorted((run for run in runs if run.is_alive), key=lambda run: run.id)
    holders = {place.device: place.holder() for place in worker_places(store)}
    wanted = [device_of(run) for run in waiting]
    devices = [device for device in dict.fromkeys([*holders, *wanted]) if holders.get(device) or device in wanted]
    rows = [_device_row(device, holders.get(device, {})) for device in devices]
    return {"devices": rows, "runs": [run.to_json() for run in (*alive, *waiting)]}


def _device_row(device: str, holder: dict[str, Any]) -> dict[str, Any]:
    """A device, who serves it, and on a GPU its memory, whoever uses it."""
    return {
        "device": device,
        "worker": holder.get("pid"),
        "lanes": holder.get("lanes"),
        "memory": device_memory(device),
    }
