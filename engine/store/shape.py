"""What run.json must look like for everybody else to rely on it."""

from __future__ import annotations

from typing import Any

from engine.store.fields import wrong_fields
from engine.store.layout import ALIVE, FORMAT, OVER, QUEUED

STATES = {QUEUED, *ALIVE, *OVER}
_SECTIONS = ("dataset", "model", "training")


def what_is_wrong(document: Any) -> str | None:
    """Why this cannot be a run of a known format; None where nothing is wrong."""
    if not isinstance(document, dict):
        return "not a JSON object"
    if type(document.get("format")) is not int:
        return f"format is {document.get('format')!r}, not a whole number"
    if document["format"] > FORMAT:
        return None  # a newer one is shown as far as it is understood
    wrong = next(wrong_fields(document), None)
    return str(wrong) if wrong else _what_is_missing(document)


def _what_is_missing(document: dict[str, Any]) -> str | None:
    if document.get("state") not in STATES:
        return f"state {document.get('state')!r} is not known"
    experiment = document.get("experiment")
    if experiment is None:
        return "experiment is missing"
    missing = next((name for name in _SECTIONS if experiment.get(name) is None), None)
    return f"experiment.{missing} is missing" if missing else None


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
    speed, trouble = fetch.get("bytes_per_second"), fetch.get("trouble")
    return {
        "done_bytes": fetch["done_bytes"],
        "total_bytes": fetch["total_bytes"],
        "bytes_per_second": speed if _is_number(speed) else None,
        "trouble": trouble if isinstance(trouble, str) else "",
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
