"""Kinds of values that settings have: strict numbers, flags, lists of classes; each with words for what is wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

# Errors of these types carry their own words; those of numbers are followed by the allowed range.
NUMBERS = ("whole", "number")
WORDED = (*NUMBERS, "flag", "classes", "validation", "layers")


def _whole(value: object) -> object:
    """`500.0` and `True` are not whole numbers here; an integer is itself."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("whole", "is not a whole number")
    return value


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number", "is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise PydanticCustomError("number", "is not a finite number")
    return value  # as it was written: what is said of its range shows it


def _flag(value: object) -> object:
    if not isinstance(value, bool):
        raise PydanticCustomError("flag", "is neither true nor false")
    return value


def _classes(value: object) -> object:
    """`"apple, baby"`, `["apple", 1]` or one name or index become a tuple of strings."""
    if isinstance(value, str):
        value = value.split(",")
    elif isinstance(value, int) and not isinstance(value, bool):
        value = [value]
    if not isinstance(value, Sequence) or not all(_is_name(item) for item in value):
        raise PydanticCustomError("classes", "is not a list of class names or indices")
    names = [str(item).strip() for item in value]
    if not all(names):
        raise PydanticCustomError("classes", "has an empty class name")
    return tuple(dict.fromkeys(names))


def _is_name(item: object) -> bool:
    return isinstance(item, str | int) and not isinstance(item, bool)


def _validation(value: object) -> object:
    if value == "test":
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 0.5:
        raise PydanticCustomError("validation", 'is neither a fraction in 0 … 0.5 nor "test"')
    return float(value)


def _layers(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise PydanticCustomError("layers", 'is not a list of layers: [{type = "conv", filters = 32, kernel = 3}, ...]')
    return tuple(value)


Whole = Annotated[int, BeforeValidator(_whole)]
Real = Annotated[float, BeforeValidator(_number)]
Flag = Annotated[bool, BeforeValidator(_flag)]
ClassNames = Annotated[tuple[str, ...], BeforeValidator(_classes)]
Validation = Annotated[float | Literal["test"], BeforeValidator(_validation)]
as_layers: Any = BeforeValidator(_layers)
