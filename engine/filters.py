"""Filter expressions and sort keys over runs, the same on the command line and on the screen.

Words separated by spaces must all hold. A bare word is looked for in name, id, tags and classes; `key:value` in that
setting, `state`, `study` or `device`; `key>0.9`, `<`, `<=`, `>=`, `=` compare numbers.
"""

from __future__ import annotations

import math
import operator
import re
import shlex
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from engine.errors import RequestError
from engine.run_keys import KeyedRun, reader_of, resolve_key, searched_text
from engine.text import clean

# Sorted downwards: the better end first.
_HIGH_IS_BETTER = ("accuracy", "per_second", "created", "id")
_WORD = re.compile(r"([A-Za-z_.]+)(<=|>=|[:<>=])(.*)", re.DOTALL)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
_NUMBERS = (int, float)  # a truth value is none


R = TypeVar("R", bound=KeyedRun)
Test = Callable[[KeyedRun], bool]


def parse_filter(expression: str, text_of: Callable[[Any], str] = searched_text) -> Test:
    """The test that an expression stands for.

    Args:
        text_of: where a bare word is looked for; whoever filters many runs often keeps what `searched_text` says.

    Raises:
        RequestError: for a key that is not known, naming the nearest, and for a number that is none.
    """
    try:
        words = shlex.split(expression)
    except ValueError:
        words = expression.split()
    tests = [_parse_word(word, text_of) for word in words]
    if len(tests) == 1:
        return tests[0]
    return lambda run: all(test(run) for test in tests)


def sort_runs(runs: Sequence[R], key: str) -> list[R]:
    """Runs by a key, the better end first (accuracy down; loss, gap and time up); `-key` turns it round.

    Runs that have no value come last either way.

    Raises:
        RequestError: for a key that is not known.
    """
    field = resolve_key(key.removeprefix("-"))
    return sort_by(runs, field, reader_of(field), reverse=key.startswith("-"))


def sort_by(runs: Sequence[R], field: str, value: Callable[[R], Any], *, reverse: bool = False) -> list[R]:
    """As `sort_runs`, by what `value` finds; `field` is its full name, which says which end is better."""
    downwards = any(word in field for word in _HIGH_IS_BETTER) != reverse
    known: list[tuple[Any, R]] = []
    unknown: list[R] = []
    for run in runs:
        found = value(run)
        if found is None or found == []:
            unknown.append(run)
        else:
            known.append((found, run))
    numbers = all(_is_number(found) for found, _ in known)
    known.sort(key=lambda pair: pair[0] if numbers else str(pair[0]), reverse=downwards)
    return [*(run for _, run in known), *unknown]


def _parse_word(word: str, text_of: Callable[[Any], str]) -> Test:
    match = _WORD.fullmatch(word)
    if match is None:
        needle = word.casefold()
        return lambda run: needle in text_of(run)
    key, sign, wished = match.groups()
    read = reader_of(resolve_key(key))
    if sign == ":":
        return _contains(read, wished.casefold())
    try:
        number = float(wished)
    except ValueError:
        if sign != "=":
            raise RequestError(f"filter: {clean(word)!r}: {clean(wished)!r} is not a number", field="filter") from None
        needle = wished.casefold()
        return lambda run: needle in _texts(read(run))
    if sign == "=":
        return _equals(read, wished, number)
    compare = _COMPARE[sign]

    def test(run: KeyedRun) -> bool:
        value = read(run)
        return value.__class__ in _NUMBERS and compare(value, number)

    return test


def _contains(read: Callable[[KeyedRun], Any], needle: str) -> Test:
    def test(run: KeyedRun) -> bool:
        value = read(run)
        if value.__class__ is str:
            return needle in value.casefold()
        return any(needle in text for text in _texts(value))

    return test


def _equals(read: Callable[[KeyedRun], Any], wished: str, number: float) -> Test:
    def test(run: KeyedRun) -> bool:
        value = read(run)
        if isinstance(value, list):
            return wished in value
        if not _is_number(value):
            return value is not None and str(value) == wished
        return bool(value == number) or math.isclose(value, number, rel_tol=1e-9)

    return test


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list):
        return [str(item).casefold() for item in value]
    return [str(value).casefold()]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
