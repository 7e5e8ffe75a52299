"""How long a run will take, from runs like it that were measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.machine import resolve_device
from engine.store import Run

_SPEED = (("dataset", ("name", "classes", "validation", "image_size")), ("model", None), ("training", ("batch_size",)))


def estimate_seconds(run: Run, runs: Iterable[Run]) -> float | None:
    """Seconds of training, from the newest measured run with the same data, network, batch size and device.

    Args:
        runs: newest first; live ones count too, at their speed so far.

    Returns:
        None where no such run was measured.
    """
    wanted, device = _what_sets_the_speed(run), _device(run)
    epochs = (run.experiment.get("training") or {}).get("epochs")
    if wanted is None or type(epochs) is not int:
        return None
    for other in runs:
        if other.id != run.id and _device(other) == device and _what_sets_the_speed(other) == wanted:
            seconds = _seconds_an_epoch(other)
            if seconds is not None:
                return epochs * seconds
    return None


def _what_sets_the_speed(run: Run) -> list[Any] | None:
    if not run.experiment:
        return None
    rows: list[Any] = []
    for section, keys in _SPEED:
        settings = run.experiment.get(section) or {}
        rows.append(settings if keys is None else [settings.get(key) for key in keys])
    return rows


def _device(run: Run) -> str:
    """The kind of device: `cpu` or `cuda`; where it is not decided yet, as it was wished."""
    device = run.environment.get("device") or (run.document.get("request") or {}).get("device") or "auto"
    return resolve_device(str(device)).partition(":")[0]


def _seconds_an_epoch(run: Run) -> float | None:
    summary = run.summary or {}
    done, seconds = summary.get("epochs_done"), summary.get("seconds")
    progress = run.progress() if run.is_alive else None
    if progress and progress.get("seconds"):
        steps = (progress["epoch"] - 1) * progress["steps_per_epoch"] + progress["step"]
        done, seconds = steps / max(1, progress["steps_per_epoch"]), progress["seconds"]
    return seconds / done if done and seconds else None
