"""What run.json must look like for everybody else to rely on it."""

from __future__ import annotations

from typing import Any

from engine.store.layout import ALIVE, FORMAT, OVER, QUEUED

STATES = {QUEUED, *ALIVE, *OVER}
_TEXTS = ("name", "created", "note", "fingerprint")
_TABLES = ("study", "request", "environment", "summary", "failure")
_NUMBERS = (
    "epochs_done",
    "selected_epoch",
    "train_accuracy",
    "validation_accuracy",
    "test_accuracy",
    "train_loss",
    "validation_loss",
    "test_loss",
    "overfitting_gap",
    "loss_gap",
    "lowest_validation_loss",
    "lowest_validation_loss_epoch",
    "seconds",
    "images_per_second",
    "parameters",
    "multiply_adds",
)
_NUMBER_TYPES = {int, float, type(None)}


def what_is_wrong(document: Any) -> str | None:
    """Why this cannot be a run of a known format; None where nothing is wrong."""
    if not isinstance(document, dict):
        return "not a JSON object"
    if type(document.get("format")) is not int:
        return f"format is {document.get('format')!r}, not a whole number"
    if document["format"] > FORMAT:
        return None  # a newer one is shown as far as it is understood
    return _wrong_types(document) or _wrong_experiment(document.get("experiment")) or _wrong_summary(document)


def newer_format(document: dict[str, Any]) -> str | None:
    """What to say of a run that a newer cnnlab made."""
    number = document.get("format")
    if type(number) is int and number > FORMAT:
        return f"made by a newer cnnlab (format {number}, this one knows {FORMAT}): read-only"
    return None


def is_progress(document: dict[str, Any]) -> bool:
    """Whether progress.json tells of a step under way, with numbers where numbers belong."""
    whole = ("epoch", "epochs", "step", "steps_per_epoch")
    numbers = ("loss", "accuracy", "seconds", "images_per_second", "eta_seconds")
    return (
        all(type(document.get(key)) is int for key in whole)
        and all(document.get(key) is None or _is_number(document[key]) for key in numbers)
        and isinstance(document.get("telemetry") or {}, dict)
    )


def phases_of(document: dict[str, Any]) -> list[tuple[str, float | None]]:
    """The phases of a start, from progress.json; what is no phase is left out."""
    phases = document.get("phases")
    rows = [row for row in phases if isinstance(row, dict)] if isinstance(phases, list) else []
    return [(str(row.get("name")), row["seconds"] if _is_number(row.get("seconds")) else None) for row in rows]


def fetch_of(document: dict[str, Any]) -> dict[str, Any] | None:
    """How far the fetch of its data is, from progress.json; None while nothing is fetched."""
    fetch = document.get("fetch")
    if not isinstance(fetch, dict) or not all(type(fetch.get(key)) is int for key in ("done_bytes", "total_bytes")):
        return None
    speed = fetch.get("bytes_per_second")
    return {**fetch, "bytes_per_second": speed if _is_number(speed) else None}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wrong_types(document: dict[str, Any]) -> str | None:
    for key in _TEXTS:
        if not isinstance(document.get(key, ""), str):
            return f"{key} is not text"
    for key in _TABLES:
        if not isinstance(document.get(key) or {}, dict):
            return f"{key} is not a table"
    tags = document.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        return "tags is not a list of texts"
    return None if document.get("state") in STATES else f"state {document.get('state')!r} is not known"


def _wrong_experiment(experiment: Any) -> str | None:
    if not isinstance(experiment, dict):
        return "experiment is missing"
    for section in ("dataset", "model", "training"):
        if not isinstance(experiment.get(section), dict):
            return f"experiment.{section} is missing"
    classes = experiment["dataset"].get("classes", [])
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        return "experiment.dataset.classes is not a list of names"
    return None


def _wrong_summary(document: dict[str, Any]) -> str | None:
    summary = document.get("summary") or {}
    if set(map(type, map(summary.get, _NUMBERS))) <= _NUMBER_TYPES:  # the usual case, asked all at once
        return None
    wrong = next(key for key in _NUMBERS if type(summary.get(key)) not in _NUMBER_TYPES)
    return f"summary.{wrong} is not a number"
