"""What `h` and `l` make of a value: the next choice, or the next number that somebody would want."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.configuration import parse_value
from tui.form.settings import Kind, Setting
from tui.form.values import write_value

_SMALLEST_RATE = 1e-4  # the first step from nought of what grows by factors
_HALF = 0.5  # of what words may stand for, such as a fraction of the images, without a bound of its own
_SERIES = (1, 2, 5)


def stepped(setting: Setting, text: str, by: int) -> str:
    """The text of the next value up (`by` 1) or down (-1); the same where there is none."""
    if setting.kind is Kind.FLAG:
        return "true" if by > 0 else "false"
    if setting.kind is Kind.CHOICE:
        return next_of(setting.choices, text, by)
    return _stepped_number(setting, text, by) if setting.is_number else text


def _stepped_number(setting: Setting, text: str, by: int) -> str:
    if text in setting.choices:  # a word instead of a number stands above all numbers
        return text if by > 0 else write_value(setting, setting.default)
    value = parse_value(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return text
    found = _next_whole(setting, int(value), by) if setting.kind is Kind.WHOLE else _next(setting, value, by)
    if setting.choices and found > (_HALF if setting.high is None else setting.high):
        return setting.choices[-1]
    return write_value(setting, found) if _is_allowed(setting, found) else text


def next_of(words: Sequence[str], text: str, by: int) -> str:
    """The neighbour of a word, without leaving the list; of none of them, the first."""
    if text not in words:
        return words[0]
    return words[max(0, min(len(words) - 1, words.index(text) + by))]


def _next_whole(setting: Setting, value: int, by: int) -> int:
    """Steps of one from nought on, of the multiple where there is one, doubling of powers of two, else 1, 2, 5."""
    if setting.step > 1:
        return (value // setting.step + by) * setting.step
    if setting.low == 0:
        return value + by
    if value > 1 and value & (value - 1) == 0:
        return value * 2 if by > 0 else value // 2
    return round(_in_series(value, by))


def _next(setting: Setting, value: float, by: int) -> float:
    """Tenths of what lies between 0 and 1; factors of about two of all else."""
    if setting.low == 0 and setting.high is not None and setting.high <= 1:
        tenths = math.floor(value * 10 + 1e-9) + 1 if by > 0 else math.ceil(value * 10 - 1e-9) - 1
        return tenths / 10
    if value == 0:
        return _SMALLEST_RATE if by > 0 else value
    if by < 0 and value <= _SMALLEST_RATE and setting.low == 0 and not setting.open_low:
        return 0.0
    return _in_series(value, by)


def _in_series(value: float, by: int) -> float:
    """The next of …, 0.5, 1, 2, 5, 10, … above or below."""
    exponent = math.floor(math.log10(value))
    steps = [factor * 10.0**power for power in range(exponent - 1, exponent + 2) for factor in _SERIES]
    near = 1e-9 * value
    found = min(s for s in steps if s > value + near) if by > 0 else max(s for s in steps if s < value - near)
    return float(f"{found:g}")


def _is_allowed(setting: Setting, value: float) -> bool:
    low, high = setting.low, setting.high
    is_high_enough = low is None or value > low or (value == low and not setting.open_low)
    return is_high_enough and (high is None or value < high or (value == high and not setting.open_high))
