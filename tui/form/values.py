"""A setting's value as text, and back: typed in the form, in TOML or after `--set`, a text means the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from engine.configuration import parse_value
from tui.form.settings import Kind, Setting

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PARTS = {True: re.compile(rf"{_QUOTED}|[^,]+"), False: re.compile(rf"{_QUOTED}|[^,\s]+")}


def read_value(setting: Setting, text: str) -> Any:
    """What a text means, right or wrong; wrong values are the experiment's to name."""
    text = text.strip()
    if setting.kind in (Kind.CHOICE, Kind.TEXT, Kind.LIST):
        quoted = parse_value(text) if text.startswith('"') else None
        return quoted if isinstance(quoted, str) else text
    if setting.kind is Kind.WORDS and not text.startswith("["):
        return [name.strip() for name in text.split(",")] if text else []
    return text if text in setting.choices else parse_value(text)


def write_value(setting: Setting, value: Any) -> str:
    """The text of a value, from which `read_value` reads the same."""
    if setting.kind is Kind.WORDS and isinstance(value, Sequence) and not isinstance(value, str):
        return _write_words(value)
    if isinstance(value, str):
        is_plain = read_value(setting, value) == value and split_values(setting, value) == [value]
        return value if is_plain else inline_toml(value)
    if setting.kind is Kind.REAL and isinstance(value, float) and float(f"{value:g}") == value:
        return f"{value:g}"
    return inline_toml(value)


def split_values(setting: Setting, text: str) -> list[str]:
    """The values in a text, each once: `0.005, 0.01`, `0.005 0.01` and `[0.005, 0.01]` are two."""
    if not setting.can_vary:
        return [text]
    whole = parse_value(text.strip()) if text.strip()[:1] in ("[", "{") else None
    if isinstance(whole, dict):
        return [text]
    if isinstance(whole, list):
        parts = [write_value(setting, value) for value in whole]
    else:
        parts = _PARTS[setting.kind is Kind.TEXT].findall(text)
    return list(dict.fromkeys(part.strip() for part in parts if part.strip())) or [""]


def join_values(texts: Sequence[str]) -> str:
    """Several values as one types them."""
    return ", ".join(texts)


def inline_toml(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(str(key))} = {inline_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(inline_toml, value)) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else inline_toml(text)


def _write_words(names: Sequence[Any]) -> str:
    """`apple, baby`; names that this cannot say as TOML."""
    plain = all(isinstance(name, str) and name and name == name.strip() and "," not in name for name in names)
    if names and plain and not names[0].startswith("["):
        return ", ".join(names)
    return inline_toml(list(names)) if names else ""
