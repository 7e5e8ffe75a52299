"""The fields of run.json that readers rely on, by table, and what each must be; what is not named may be anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]
_SECTION_DEPTH = 2  # of experiment.dataset
_MOST_SOUND, _MOST_SEEN = 1000, 500  # what each table's rules remember


@dataclass(frozen=True)
class WrongField:
    """A field that is not what it must be."""

    table: Path
    key: str
    words: str

    def __str__(self) -> str:
        return f"{'.'.join((*self.table, self.key))} {self.words}"


@dataclass(frozen=True)
class _Kind:
    """A kind of value; null, or a field that is not there, is always one.

    Args:
        words: what is said of one that is not.
        types: of the values.
        check: what else must hold; asked only of values of these types.
    """

    words: str
    types: frozenset[type]
    check: Callable[[Any], bool] | None = None

    def takes(self, value: Any) -> bool:
        return type(value) in self.types and (value is None or self.check is None or self.check(value))


def _kind(words: str, *types: type, check: Callable[[Any], bool] | None = None) -> _Kind:
    return _Kind(words, frozenset((*types, type(None))), check)


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number beyond all floats
        return False


def _are_counts(table: dict[str, Any]) -> bool:
    return {int}.issuperset(map(type, table.values())) and min(table.values(), default=0) >= 0


_TEXT = _kind("is not text", str)
_TABLE = _kind("is not a table", dict)
_NUMBER = _kind("is not a number", int, float, check=_is_finite)
_FRACTION = _kind("is not a number in [0, 1]", int, float, check=lambda number: 0 <= number <= 1)
_FLAG = _kind("is neither true nor false", bool)
_LIST = _kind("is not a list", list)
_TEXTS = _kind("is not a list of texts", list, check=lambda items: all(type(item) is str for item in items))
_WHOLES = _kind("is not a list of whole numbers", list, check=lambda items: all(type(item) is int for item in items))
_COUNTS = _kind("is not a table of counts", dict, check=_are_counts)
_LAYERS = _kind(
    "is not a list of layers",
    list,
    check=lambda items: all(type(item) is dict and type(item.get("type")) is str for item in items),
)
_SHARE = _kind('is neither a number nor "test"', int, float, str)

# In this order: a table comes before its own fields.
_FIELDS: tuple[tuple[Path, tuple[tuple[_Kind, Path], ...]], ...] = (
    (
        (),
        (
            (_TEXT, ("name", "created", "note", "fingerprint", "state", "waiting")),
            (_TABLE, ("study", "request", "experiment", "environment", "summary", "failure", "extends")),
            (_TEXTS, ("tags", "notices")),
            (_COUNTS, ("images",)),
            (_LIST, ("resumed_on",)),
        ),
    ),
    (
        ("study",),
        (
            (_TEXT, ("id", "name", "kind", "label", "series", "step")),
            (_NUMBER, ("position",)),
            (_WHOLES, ("seeds",)),
        ),
    ),
    (("request",), ((_TEXT, ("device", "data_dir", "queued_at")), (_FLAG, ("foreground",)))),
    (("experiment",), ((_TABLE, ("dataset", "model", "training")),)),
    (
        ("experiment", "dataset"),
        (
            (_TEXT, ("name",)),
            (_TEXTS, ("classes",)),
            (_SHARE, ("validation",)),
            (_NUMBER, ("split_seed", "image_size", "train_fraction")),
        ),
    ),
    (
        ("experiment", "model"),
        ((_TEXT, ("name", "pooling")), (_NUMBER, ("hidden_size", "dropout")), (_LAYERS, ("layers",))),
    ),
    (
        ("experiment", "training"),
        (
            (_TEXT, ("optimizer", "schedule", "flips", "shift_padding", "precision")),
            (_NUMBER, ("epochs", "batch_size")),
            (_NUMBER, ("lr", "momentum", "weight_decay", "warmup", "label_smoothing", "ema", "seed", "threads")),
        ),
    ),
    (
        ("environment",),
        (
            (_TEXT, ("device", "device_name", "torch", "cnnlab", "commit", "precision", "path")),
            (_NUMBER, ("threads", "lanes")),
            (_COUNTS, ("gpu_memory",)),
        ),
    ),
    (
        ("summary",),
        (
            (_FRACTION, ("train_accuracy", "validation_accuracy", "test_accuracy")),
            (_NUMBER, ("epochs_done", "selected_epoch", "lowest_validation_loss_epoch", "parameters", "multiply_adds")),
            (
                _NUMBER,
                (
                    *("train_loss", "validation_loss", "test_loss", "lowest_validation_loss"),
                    *("overfitting_gap", "loss_gap", "seconds", "images_per_second"),
                ),
            ),
            (_TEXT, ("selected_on", "test_sha256")),
            (_COUNTS, ("images",)),
        ),
    ),
    (("failure",), ((_TEXT, ("kind", "reason")),)),
)


class _Table:
    """The rules of one table, made to be asked of ten thousand runs, of which hardly one breaks them."""

    def __init__(self, path: Path, rules: tuple[tuple[_Kind, Path], ...]) -> None:
        self.path = path
        numbers_first = sorted(rules, key=lambda rule: rule[0].check is not _is_finite)
        self.kinds = {key: kind for kind, keys in numbers_first for key in keys}
        self.inner: list[tuple[str, _Table]] = []
        self._keys = tuple(self.kinds)
        checks = [kind.check for kind in self.kinds.values()]
        self._numbers = checks.count(_is_finite)
        self._checks = [(place, check) for place, check in enumerate(checks) if check not in (None, _is_finite)]
        self._sound: set[tuple[type, ...]] = set()  # types that may go together
        self._is_shared = path in (("experiment",), ("environment",))  # between runs, by whoever reads many
        self._seen: dict[int, dict[str, Any]] = {}  # such tables by id; kept, so that no other gets its id

    def holds(self, table: Any) -> bool:
        """Whether nothing is wrong with a table, nor with the tables inside; False: each field is to be looked at."""
        if self._seen.get(id(table)) is table:
            return True
        values = [*map(table.get, self._keys)]
        if not self._are_types_right(tuple(map(type, values))):
            return False
        if self._numbers and not _is_finite_sum(values[: self._numbers]):
            return False
        for place, check in self._checks:
            if (value := values[place]) and not check(value):
                return False
        for name, rules in self.inner:
            if (inside := table.get(name)) and not rules.holds(inside):
                return False
        if self._is_shared:
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen[id(table)] = table
        return True

    def _are_types_right(self, types: tuple[type, ...]) -> bool:
        if types in self._sound:
            return True
        if not all(kind in known.types for kind, known in zip(types, self.kinds.values(), strict=True)):
            return False
        if len(self._sound) >= _MOST_SOUND:
            self._sound.clear()
        self._sound.add(types)
        return True


def _is_finite_sum(numbers: list[float | None]) -> bool:
    """Whether all are finite, asked in one go."""
    try:
        return math.isfinite(sum(filter(None, numbers)))
    except OverflowError:
        return False


def _make_tables() -> tuple[_Table, ...]:
    tables = {path: _Table(path, rules) for path, rules in _FIELDS}
    for path, table in tables.items():
        if path:
            tables[path[:-1]].inner.append((path[-1], table))
    return tuple(tables.values())


_TABLES = _make_tables()


def wrong_fields(document: dict[str, Any]) -> Iterator[WrongField]:
    """The fields that are not what they must be."""
    if _TABLES[0].holds(document):
        return
    for rules in _TABLES:
        table: Any = document
        for name in rules.path:
            table = table.get(name) if type(table) is dict else None
        if type(table) is not dict:
            continue
        for key, kind in rules.kinds.items():
            if not kind.takes(table.get(key)):
                yield WrongField(rules.path, key, kind.words)


def without_wrong_fields(document: dict[str, Any]) -> dict[str, Any]:
    """The document as far as it is understood; itself where all of it is.

    Of settings a whole section goes: those that are understood in part would be other settings.
    """
    if next(wrong_fields(document), None) is None:
        return document
    from copy import deepcopy

    kept = deepcopy(document)
    for wrong in wrong_fields(document):
        *above, key = (*wrong.table, wrong.key)[: _SECTION_DEPTH if wrong.table[:1] == ("experiment",) else None]
        table = kept
        for name in above:
            table = table[name]
        table.pop(key, None)
    return kept
