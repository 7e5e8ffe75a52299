"""What waits to be trained: queued runs, by device, in the order in which they will start."""

from __future__ import annotations

from typing import Any

from engine.errors import RefusedError
from engine.machine import resolve_device
from engine.store import Run, RunStore, layout
from engine.store.clock import utc_now
from engine.worker.place import worker_places


def device_of(run: Run) -> str:
    """The device that a run asked for, `cpu` or `cuda:0`."""
    return resolve_device(str((run.document.get("request") or {}).get("device") or "auto"))


def queued_runs(store: RunStore, device: str | None = None) -> list[Run]:
    """Queued runs, oldest wish first; of one device, or of all."""
    waiting = [run for run in store.runs() if run.state == layout.QUEUED and not _is_elsewhere(run)]
    waiting.sort(key=lambda run: (str((run.document.get("request") or {}).get("queued_at") or ""), run.id))
    return [run for run in waiting if device is None or device_of(run) == device]


def _is_elsewhere(run: Run) -> bool:
    """Whoever made it trains it, or a newer cnnlab must."""
    return bool((run.document.get("request") or {}).get("foreground")) or run.read_only_reason is not None


def requeue(run: Run, device: str | None = None) -> Run:
    """Put a run that nobody executes back into the queue; its checkpoint stays, and it goes on from there.

    An interrupted one keeps its place: its wish is as old as before.
    """
    with run.own() as owner:
        request = dict(owner.run.document.get("request") or {})
        if run.state != layout.INTERRUPTED or not request.get("queued_at"):
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
        owner.update(state="stopped")
        return owner.run


def queue_document(store: RunStore) -> dict[str, Any]:
    """The document of `cnnlab queue --json`: devices with their workers, live runs, then waiting ones in order."""
    waiting = queued_runs(store)
    alive = sorted((run for run in store.runs() if run.is_alive), key=lambda run: run.id)
    devices: dict[str, dict[str, Any]] = {}
    for place in worker_places(store):
        holder = place.holder()
        if holder or any(device_of(run) == place.device for run in waiting):
            row = {"device": place.device, "worker": holder.get("pid"), "lanes": holder.get("lanes")}
            devices[place.device] = row
    for run in waiting:
        device = device_of(run)
        devices.setdefault(device, {"device": device, "worker": None, "lanes": None})
    return {"devices": list(devices.values()), "runs": [run.to_json() for run in (*alive, *waiting)]}
