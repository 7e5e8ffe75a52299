"""Giving back disk space: checkpoints that only serve to train a finished run longer."""

from __future__ import annotations

from contextlib import suppress

from engine.errors import RefusedError
from engine.store import layout
from engine.store.store import RunStore


def prune_checkpoints(store: RunStore) -> int:
    """Delete the checkpoints of finished runs and count the bytes; best weights, reports and exports stay."""
    freed = 0
    for run in store.runs():
        if run.state != "finished" or run.read_only_reason:
            continue
        with suppress(RefusedError), run.own(wait_seconds=0.0) as owner:
            for name in (layout.LAST, layout.PREVIOUS):
                path = owner.run.path / name
                with suppress(FileNotFoundError):
                    size = path.lstat().st_size
                    path.unlink()
                    freed += size
    return freed
