"""Values as their user writes them, in TOML: `true`, `1979-05-27`, `{type = "relu"}`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from engine.text import shorten

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_DEEPEST = 20  # what lies deeper would not be seen: it is cut long before


def toml_words(value: Any, width: int = 80) -> str:
    """A value in TOML's words, cut to `width` characters; TOML has no null, so None is `nothing`."""
    return shorten(_written(value, 0), width)


def _written(value: Any, depth: int) -> str:
    for constant, word in ((None, "nothing"), (True, "true"), (False, "false")):
        if value is constant:
            return word
    if isinstance(value, datetime.datetime | datetime.time | datetime.date):
        return value.isoformat().replace("+00:00", "Z")
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        pairs = (f"{_key(key)} = {_written(item, depth + 1)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(item, depth + 1) for item in value) + "]"
    return _plain(value)


def _plain(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # Python writes no number of so many digits
        return "a number of thousands of digits"


def _key(key: object) -> str:
    return str(key) if _BARE_KEY.fullmatch(str(key)) else repr(key)
