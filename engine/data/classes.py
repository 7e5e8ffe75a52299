"""Which classes a user means: by name, by index, or by the name of a group."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engine.errors import Problem, SettingsError, suggestion
from engine.text import clean, shorten

_FEWEST = 2
_LONGEST = 80  # characters of a wrong name that are said back


def choose_classes(
    wished: Sequence[str], names: Sequence[str], groups: Mapping[str, Sequence[str]], source: str
) -> tuple[str, ...]:
    """The wished classes for a training, as `find_classes`; all of them where none is wished.

    Raises:
        SettingsError: also if fewer than two are left.
    """
    chosen = find_classes(wished, names, groups, source) if wished else tuple(names)
    if len(chosen) < _FEWEST:
        message = f"{', '.join(map(clean, chosen)) or 'none'}: at least {_FEWEST} classes are needed"
        raise SettingsError([Problem("dataset.classes", message)])
    return chosen


def find_classes(
    wished: Sequence[str], names: Sequence[str], groups: Mapping[str, Sequence[str]], source: str
) -> tuple[str, ...]:
    """The wished classes by their own names, in data-set order and each once.

    Names are compared without regard to case, spaces, hyphens and underscores. A name goes before an index.

    Raises:
        SettingsError: naming every unknown class, each with the nearest spelling.
    """
    by_name = {_folded(name): (name,) for name in names}
    by_group = {_folded(group): tuple(members) for group, members in groups.items()}
    chosen: set[str] = set()
    problems = []
    for word in wished:
        if word in names:
            chosen.add(word)
        elif found := by_name.get(_folded(word)) or by_group.get(_folded(word)):
            chosen.update(found)
        elif (index := _index(word)) is not None and index < len(names):
            chosen.add(names[index])
        else:
            problems.append(Problem("dataset.classes", _unknown(word, names, groups, source)))
    if problems:
        raise SettingsError(problems)
    return tuple(name for name in names if name in chosen)


def _unknown(word: str, names: Sequence[str], groups: Mapping[str, Sequence[str]], source: str) -> str:
    near = clean(suggestion(word, [*names, *groups]))
    if _index(word) is not None:
        return f"{clean(shorten(word, _LONGEST))} is not a class of {source}; indices are 0 … {len(names) - 1}"
    hint = near or f" (see `cnnlab data show {source}`)"
    return f"{clean(shorten(word, _LONGEST))!r} is not a class of {source}{hint}"


def _index(word: str) -> int | None:
    """The number that a word is; Python refuses to read one of thousands of digits."""
    return int(word[:_LONGEST]) if word.isdecimal() else None


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()
