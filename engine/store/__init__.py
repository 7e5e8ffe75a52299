"""The run folder: read, write, list, lock, trash. Its format is documented in `docs/run-format.md`."""

from engine.store.edit import edit_run
from engine.store.history import History
from engine.store.owner import RunOwner
from engine.store.requests import Request
from engine.store.run import Run
from engine.store.store import RunStore

__all__ = ["History", "Request", "Run", "RunOwner", "RunStore", "edit_run"]
