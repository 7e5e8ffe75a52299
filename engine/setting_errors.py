"""pydantic's errors in our words: the field, the value, what is allowed, the nearest spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from engine.blocks import LAYER_TYPES
from engine.errors import Problem, suggestion
from engine.setting_types import NUMBERS, WORDED
from engine.toml_words import toml_words

Sections = Mapping[str, type[BaseModel]]
_BOUNDS = ("gt", "ge", "lt", "le", "multiple_of")


def describe_problem(details: ErrorDetails, sections: Sections) -> Problem:
    """One error: field, value, what is allowed."""
    location = [part for part in details["loc"] if part is not None]
    kind, value = details["type"], details["input"]
    first = str(location[0])
    if len(location) == 1 and first in sections and kind in sections[first].model_fields:
        return Problem(f"{first}.{kind}", details["msg"])  # from a section's own validator
    if first == "model" and len(location) > 2:
        return _layer_problem(details, location)
    field = ".".join(map(str, location[:2]))
    if kind == "extra_forbidden":
        return Problem(field, f"there is no such setting{_nearest_setting(location, sections)}")
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return Problem(
            field, f"{toml_words(value)} is not a table of settings ({', '.join(sections[field].model_fields)})"
        )
    info = sections[first].model_fields[str(location[1])]
    if kind == "literal_error":
        return Problem(field, _not_one_of(value, words_of(info.annotation)))
    return Problem(field, _wrong_value(details, info.metadata))


def _not_one_of(value: object, allowed: Sequence[str]) -> str:
    near = suggestion(value, allowed) if isinstance(value, str) else ""
    return f"{toml_words(value)} is not one of {', '.join(allowed)}{near}"


def _wrong_value(details: ErrorDetails, metadata: Sequence[Any]) -> str:
    kind, value = details["type"], toml_words(details["input"])
    if kind in WORDED:
        limits = f" in {range_words(metadata)}" if kind in NUMBERS else ""
        return f"{value} {details['msg']}{limits}"
    return f"{value} is not in {range_words(metadata)}"


def words_of(annotation: Any) -> tuple[str, ...]:
    """The words that a type allows; empty where any number or text goes."""
    return tuple(word for word in get_args(annotation) if isinstance(word, str))


def bounds_of(metadata: Iterable[Any]) -> dict[str, Any]:
    """`{"ge": 1, "le": 512, "multiple_of": 16}` of a field's constraints."""
    found: dict[str, Any] = {}
    for constraint in metadata:
        for part in (constraint, *getattr(constraint, "metadata", ())):
            found.update({name: bound for name in _BOUNDS if (bound := getattr(part, name, None)) is not None})
    return found


def range_words(metadata: Iterable[Any]) -> str:
    """`1 … 4,096`, `(above) 0 … 10`."""
    bounds = bounds_of(metadata)
    bounds = {name: int(bound) if bound == int(bound) else bound for name, bound in bounds.items()}
    low = f"{bounds['ge']:,}" if "ge" in bounds else f"(above) {bounds['gt']:,}"
    high = f"{bounds['le']:,}" if "le" in bounds else f"(below) {bounds['lt']:,}"
    steps = f", a multiple of {bounds['multiple_of']}" if "multiple_of" in bounds else ""
    return f"{low} … {high}{steps}"


def _layer_problem(details: ErrorDetails, location: Sequence[Any]) -> Problem:
    """An error inside `model.layers`, named as `model.layers[3].kernel`; tags of the union are left out."""
    field, layer, key = ".".join(map(str, location[:2])), None, None
    for part in location[2:]:
        if isinstance(part, int):
            field, layer, key = f"{field}[{part}]", None, None
        elif layer is None and part in LAYER_TYPES:
            layer = LAYER_TYPES[part]
        else:
            field, key = f"{field}.{part}", str(part)
    kind, value = details["type"], details["input"]
    if kind == "union_tag_invalid":
        allowed = re.findall(r"'(\w+)'", details["ctx"]["expected_tags"])
        return Problem(f"{field}.type", _not_one_of(value["type"], allowed))
    if kind == "union_tag_not_found":
        return Problem(f"{field}.type", f"is missing; allowed are {', '.join(LAYER_TYPES)}")
    if layer is None or key is None:
        return Problem(field, f'{toml_words(value)} is not a layer: a table like {{type = "relu"}}')
    known = layer.__pydantic_fields__
    if kind == "unexpected_keyword_argument":
        near = suggestion(key, known) or f" (keys: {', '.join(known)})"
        return Problem(field, f"there is no such key{near}")
    if kind == "missing":
        allowed_words = range_words(known[key].metadata) if bounds_of(known[key].metadata) else "a list of layers"
        return Problem(field, f"is missing; allowed is {allowed_words}")
    return Problem(field, _wrong_value(details, known[key].metadata))


def _nearest_setting(location: Sequence[Any], sections: Sections) -> str:
    fields = [f"{section}.{key}" for section, model in sections.items() for key in model.model_fields]
    if len(location) == 1:
        return suggestion(str(location[0]), sections) or f" (sections: {', '.join(sections)})"
    section, key = map(str, location[:2])
    elsewhere = [field for field in fields if field.endswith(f".{key}")]
    if elsewhere:  # the right key in the wrong section
        return f" (did you mean {elsewhere[0]}?)"
    near = suggestion(f"{section}.{key}", [field for field in fields if field.startswith(f"{section}.")])
    return near or f" (settings: {', '.join(sections[section].model_fields)})"
