"""The per-epoch records of a run, read from whatever is left of the file."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from engine.documents import DocumentError, encode_document, parse_document
from engine.store.columns import Columns


class History:
    """Epochs in the order of the file, as records or as columns; each is made from the other when it is asked for.

    Args:
        records: one dictionary an epoch, as `docs/run-format.md` describes.
        skipped: whole lines that were no such record.
        columns: instead of records.
    """

    def __init__(
        self, records: list[dict[str, Any]] | None = None, skipped: int = 0, *, columns: Columns | None = None
    ) -> None:
        self.skipped = skipped
        if columns is not None:
            self.columns = columns
        else:
            self.records = records or []

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        return list(self.columns.records())

    @cached_property
    def columns(self) -> Columns:
        return Columns(self.records)

    def lowest_validation_loss(self) -> tuple[float | None, int | None]:
        """The lowest mean validation loss of an epoch, and that epoch; the earliest of equal ones."""
        row = self.columns.lowest_loss
        if row is None:
            return None, None
        return self.columns.values("validation", "loss")[row], self.columns.epochs[row]


def parse_history(data: bytes) -> History:
    """Every whole line that is an epoch record; a last line without its newline does not count."""
    lines = [line for line in data[: data.rfind(b"\n") + 1].split(b"\n") if line.strip()]
    try:
        parsed = json.loads(b"[" + b",".join(lines) + b"]", parse_constant=_refuse) if lines else []
        if len(parsed) == len(lines) and all(map(is_epoch, parsed)):
            return History(parsed)
    except (ValueError, RecursionError):
        pass  # some line is damaged: each on its own then
    records = [record for record in map(_parse_line, lines) if record is not None]
    return History(records, len(lines) - len(records))


def encode_history(records: list[dict[str, Any]]) -> bytes:
    """Records as lines; numbers that are not finite become null."""
    return b"".join(encode_document(record) + b"\n" for record in records)


def cut_history(data: bytes, epoch: int) -> bytes:
    """The whole lines up to and with this epoch; what is no record, or comes later, is left out."""
    return encode_history([record for record in parse_history(data).records if record["epoch"] <= epoch])


def is_epoch(record: Any) -> bool:
    """Whether this is an epoch's record, with numbers where numbers belong."""
    return (
        isinstance(record, dict)
        and record.get("event") == "epoch"
        and type(record.get("epoch")) is int
        and record["epoch"] >= 1
        and _is_number(record.get("seconds"))
        and _is_number(record.get("lr"))
        and _is_split(record.get("train"))
        and (record.get("validation") is None or _is_split(record["validation"]))
    )


def _is_split(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_band(value.get(name)) for name in ("loss", "accuracy"))


def _is_band(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_number(value.get(name)) for name in ("mean", "p25", "p75"))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _parse_line(line: bytes) -> dict[str, Any] | None:
    try:
        record = parse_document(line)
    except DocumentError:
        return None
    return record if is_epoch(record) else None


def _refuse(name: str) -> None:
    raise ValueError(name)
