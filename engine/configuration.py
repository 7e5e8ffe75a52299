"""Settings from where users write them: TOML files and `key=value`; and back to TOML."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import RequestError
from engine.text import clean, escape_json

Settings = dict[str, dict[str, Any]]
_MAX_BYTES = 1 << 20


def load_toml(path: Path) -> Settings:
    """Nested settings from a TOML file.

    Raises:
        RequestError: naming the file, and the line where it is not TOML.
    """
    try:
        if stat.S_ISFIFO(path.stat().st_mode) and path.parts[1:2] not in (("dev",), ("proc",)):
            raise RequestError(f"{clean(path)}: a pipe, which may never end; give a TOML file", field="config")
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise RequestError(f"{clean(path)}: larger than 1 MiB; that is no settings file", field="config")
        return tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise RequestError(f"{clean(path)}: {error.strerror}; give a TOML file", field="config") from error
    except RecursionError as error:
        raise RequestError(f"{clean(path)}: not TOML: nested too deeply", field="config") from error
    except ValueError as error:  # not TOML, not UTF-8, or a number of thousands of digits
        raise RequestError(f"{clean(path)}: not TOML: {clean(error)}", field="config") from error


def parse_value(text: str) -> Any:
    """A TOML value, or a number as other tools write it, or the text itself: `0.01`, `.005`, `[0.1, 0.2]`, `max`."""
    try:
        document = tomllib.loads(f"value = {text}")
        if len(document) == 1:
            return document["value"]
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        pass  # not TOML: a number perhaps
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def parse_assignment(text: str) -> tuple[str, Any]:
    """`training.lr=0.01` as `("training.lr", 0.01)`."""
    key, equals, value = text.partition("=")
    if not equals or key.strip().count(".") != 1:
        raise RequestError(f"--set {clean(text)!r}: write section.key=value, as in training.lr=0.01", field="set")
    return key.strip(), parse_value(value.strip())


def parse_alternatives(texts: Sequence[str]) -> tuple[Settings, dict[str, list[Any]]]:
    """Assignments in which a list, or a key that comes again, means alternatives.

    Returns:
        Nested settings with one value, and the alternatives of the others by dotted name.
    """
    found: dict[str, list[Any]] = {}
    for key, value in map(parse_assignment, texts):
        found.setdefault(key, []).extend(value if isinstance(value, list) else [value])
    lists = {key for key, value in map(parse_assignment, texts) if isinstance(value, list)}
    if empty := [key for key, values in found.items() if not values]:
        raise RequestError(f"--set {clean(empty[0])}: the list of alternatives is empty", field="set")
    axes = {key: values for key, values in found.items() if len(values) > 1 or key in lists}
    return nest({key: values[0] for key, values in found.items() if key not in axes}), axes


def merge(*layers: Mapping[str, Any]) -> Settings:
    """Nested settings laid over one another; the later one wins, key by key."""
    merged: Settings = {}
    for layer in layers:
        for section, values in layer.items():
            if isinstance(values, Mapping) and isinstance(merged.get(section, {}), dict):
                merged[section] = {**merged.get(section, {}), **values}
            else:
                merged[section] = values
    return merged


def nest(assignments: Mapping[str, Any]) -> Settings:
    """`{"training.lr": 0.01}` as `{"training": {"lr": 0.01}}`."""
    nested: Settings = {}
    for field, value in assignments.items():
        section, _, key = field.partition(".")
        nested.setdefault(section, {})[key] = value
    return nested


def to_toml(settings: Mapping[str, Any]) -> str:
    """Nested settings as a TOML file that `load_toml` reads back."""
    import tomli_w

    return escape_json(tomli_w.dumps(settings))
