"""A run's name, tags and note: written at once, or wished from whoever executes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.errors import DataError, RequestError
from engine.store.requests import EDITABLE, what_is_wrong_with
from engine.store.run import Run


def edit_run(run: Run, *, name: str | None = None, tags: Sequence[str] | None = None, note: str | None = None) -> None:
    """Change what is given. A live run changes it itself, within a quarter of a second.

    Raises:
        RequestError: naming what cannot be.
        RefusedError: if the run is read-only.
        DataError: if it is damaged.
    """
    wished = (name, None if tags is None else list(dict.fromkeys(tags)), note)
    change: dict[str, Any] = {key: value for key, value in zip(EDITABLE, wished, strict=True) if value is not None}
    wrong = what_is_wrong_with(change)
    if wrong:
        raise RequestError(wrong, field=wrong.partition(":")[0])
    if run.damage:
        raise DataError(f"{run.id} is damaged: {run.damage}; see `cnnlab doctor`", field="run")
    if run.is_alive:
        run.request("edit", **change)
        if run.reload().is_alive:
            return  # whoever executes it lets go of it only after a last look
    with run.own() as owner:
        owner.update(**change)
