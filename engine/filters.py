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
from engine.run_keys import KeyedRun, resolve_key, value_of
from engine.text import clean

# Sorted downwards: the better end first.
_HIGH_IS_BETTER = ("accuracy", "per_second", "created", "id")
_WORD = re.compile(r"([A-Za-z_.]+)(<=|>=|[:<>=])(.*)", re.DOTALL)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "=": operator.eq,
}  # fmt: skip


R = TypeVar("R", bound=KeyedRun)
Test = Callable[[KeyedRun], bool]


def parse_filter(expression: str) -> Test:
    """The test that an expression stands for.

    Raises:
        RequestError: for a key that is not known, naming the nearest, and for a number that is none.
    """
    try:
        words = shlex.split(expression)
    except ValueError:
        words = expression.split()
    tests = [_parse_word(word) for word in words]
    return lambda run: all(test(run) for test in tests)


def sort_runs(runs: Sequence[R], key: str) -> list[R]:
    """Runs by a key, the better end first (accuracy down; loss, gap and time up); `-key` turns it round.

    Runs that have no value come last either way.

    Raises:
        RequestError: for a key that is not known.
    """
    field = resolve_key(key.removeprefix("-"))
    return sort_by(runs, field, lambda run: value_of(run, field), reverse=key.startswith("-"))


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


def _parse_word(word: str) -> Test:
    match = _WORD.fullmatch(word)
    if match is None:
        return _bare(word)
    key, sign, wished = match.groups()
    field = resolve_key(key)
    if sign == ":":
        needle = wished.casefold()
        return lambda run: any(needle in text for text in _texts(value_of(run, field)))
    try:
        number = float(wished)
    except ValueError:
        if sign != "=":
            raise RequestError(f"filter: {clean(word)!r}: {clean(wished)!r} is not a number", field="filter") from None
        needle = wished.casefold()
        return lambda run: needle in _texts(value_of(run, field))
    compare = _COMPARE[sign]

    def test(run: KeyedRun) -> bool:
        value = value_of(run, field)
        if isinstance(value, list):
            return sign == "=" and wished in value
        if not _is_number(value):
            return sign == "=" and value is not None and str(value) == wished
        return compare(value, number) or (sign == "=" and math.isclose(value, number, rel_tol=1e-9))

    return test


def _bare(word: str) -> Test:
    needle = word.casefold()

    def test(run: KeyedRun) -> bool:
        classes = ((run.document.get("experiment") or {}).get("dataset") or {}).get("classes") or []
        return any(needle in str(text).casefold() for text in (run.name, run.id, *run.tags, *classes))

    return test


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list):
        return [str(item).casefold() for item in value]
    return [str(value).casefold()]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
