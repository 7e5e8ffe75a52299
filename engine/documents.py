"""JSON as this project writes and reads it: strict, with no NaN, no doubled keys and no bottomless nesting."""

from __future__ import annotations

import json
from typing import Any, NoReturn


class DocumentError(ValueError):
    """Text that is not a strict JSON document; the message says where."""


def parse_document(data: bytes) -> Any:
    """A JSON document.

    Raises:
        DocumentError: for anything else, `NaN`, a key given twice, or nesting without end.
    """
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise DocumentError(f"not JSON: {error.msg}, line {error.lineno} column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(f"not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise DocumentError("nested too deeply") from error
    except DocumentError:
        raise
    except ValueError as error:
        raise DocumentError("a number of thousands of digits") from error


def encode_document(document: Any, *, indent: int | None = None, ascii_only: bool = False) -> bytes:
    """A JSON document; NaN and infinity become null."""
    try:
        text = _dumps(document, indent, ascii_only)
    except ValueError:  # rare, and looking for it beforehand costs more than writing the document
        text = _dumps(finite(document), indent, ascii_only)
    return text.encode("utf-8", "backslashreplace")


def _dumps(document: Any, indent: int | None, ascii_only: bool) -> str:
    separators = None if indent else (",", ":")
    return json.dumps(document, indent=indent, separators=separators, ensure_ascii=ascii_only, allow_nan=False)


def finite(value: Any) -> Any:
    """The same document with null for every number that is not finite."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise DocumentError(f"not strict JSON: {name}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        keys = [key for key, _ in pairs]
        doubled = next(key for key in keys if keys.count(key) > 1)
        raise DocumentError(f"the key {doubled!r} is given twice")
    return document
