"""The rows of the form, derived from the experiment's own fields: a new setting of the engine is a new row here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from engine.experiment import SECTIONS
from engine.presets import PRESETS

PRESET, SEEDS, DEVICE = "preset", "seeds", "device"  # rows that are no settings of an experiment
NO_PRESET = "none"
CLASSES, DATA_SET = "dataset.classes", "dataset.name"
_SEED = "training.seed"  # one of the list in the row of seeds
_TITLES = {"dataset": "DATA", "model": "NETWORK"}
_LABELS = {"model.hidden_size": "filters", "training.optimizer": "optimiser"}


class Kind(Enum):
    """How the value of a setting is written."""

    CHOICE = auto()
    FLAG = auto()
    WHOLE = auto()
    REAL = auto()
    TEXT = auto()
    WORDS = auto()  # a list of names
    TABLE = auto()  # whatever else TOML can hold
    LIST = auto()  # the rows that are no settings


@dataclass(frozen=True)
class Setting:
    """One row.

    Args:
        field: dotted name, `training.lr`; of the rows that are no settings a plain one.
        section: the heading above it, `TRAINING`.
        choices: words it may be; of a number, those it may be besides.
        low, high: bounds where there are some; `open_low`, `open_high`: the bound itself is not allowed.
        step: of which it is a multiple.
    """

    field: str
    section: str
    label: str
    description: str
    kind: Kind
    default: Any = None
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    step: int = 1

    @property
    def is_number(self) -> bool:
        return self.kind in (Kind.WHOLE, Kind.REAL)

    @property
    def can_vary(self) -> bool:
        """Whether several values of it make a study; runs on other data are not compared."""
        return self.kind not in (Kind.WORDS, Kind.TABLE, Kind.LIST) and self.field != DATA_SET

    @property
    def range(self) -> str:
        """`1 … 4,096`; empty where there are no bounds."""
        if self.low is None or self.high is None:
            return ""
        above, below = ("above " if self.open_low else ""), ("below " if self.open_high else "")
        steps = f", a multiple of {self.step}" if self.step > 1 else ""
        return f"{above}{self.low:,g} … {below}{self.high:,.10g}{steps}"


@cache
def form_settings() -> tuple[Setting, ...]:
    """Every row, in order: a preset to begin with, what an experiment consists of, then seeds and device."""
    rows = [
        _setting(section, key, info)
        for section, model in SECTIONS.items()
        for key, info in model.model_fields.items()
        if f"{section}.{key}" != _SEED
    ]
    last = rows[-1].section
    seeds = "one run each, fixed before the start: 0 1 2 3, or 0-3"
    device = "where it trains, and how many at once: auto; cpu, 2 lanes; cuda:0"
    begin = "settings to begin with: it fills the rows below; = takes them back"
    return (
        Setting(PRESET, rows[0].section, "preset", begin, Kind.LIST, NO_PRESET, (NO_PRESET, *PRESETS)),
        *rows,
        Setting(SEEDS, last, "seeds", seeds, Kind.LIST, "0"),
        Setting(DEVICE, last, "device", device, Kind.LIST, "auto"),
    )


def setting_of(field: str) -> Setting:
    """The row of a field."""
    return next(row for row in form_settings() if row.field == field)


def row_field(field: str) -> str | None:
    """The row that a problem of this field stands beside: `model.layers.3` is of `model.layers`."""
    if field == _SEED:
        return SEEDS
    rows = [row.field for row in form_settings()]
    return next((row for row in rows if field == row or field.startswith((f"{row}.", f"{row}["))), None)


def _setting(section: str, key: str, info: FieldInfo) -> Setting:
    field = f"{section}.{key}"
    parts, words = _parts(info.annotation)
    description = info.description or ""
    label = _LABELS.get(field) or (description if key == "name" else key.replace("_", " "))
    bounds: dict[str, Any] = {}
    for constraint in info.metadata:
        for name in ("gt", "ge", "lt", "le", "multiple_of"):
            if (bound := getattr(constraint, name, None)) is not None:
                bounds[name] = bound
    return Setting(
        field=field,
        section=_TITLES.get(section, section.upper()),
        label=label,
        description=description,
        kind=_kind(parts, words),
        default=info.get_default(call_default_factory=True),
        choices=words,
        low=bounds.get("ge", bounds.get("gt")),
        high=bounds.get("le", bounds.get("lt")),
        open_low="gt" in bounds,
        open_high="lt" in bounds,
        step=bounds.get("multiple_of", 1),
    )


def _parts(annotation: Any) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """The types that a value may have besides words, and the words."""
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    literals = [member for member in members if get_origin(member) is Literal]
    words = tuple(word for literal in literals for word in get_args(literal) if isinstance(word, str))
    return tuple(member for member in members if member not in literals), words


def _kind(parts: tuple[Any, ...], words: tuple[str, ...]) -> Kind:
    if not parts and words:
        return Kind.CHOICE
    if len(parts) != 1:
        return Kind.TABLE
    (part,) = parts
    simple = {bool: Kind.FLAG, int: Kind.WHOLE, float: Kind.REAL, str: Kind.TEXT}
    if part in simple:
        return simple[part]
    is_list = get_origin(part) in (tuple, list) and set(get_args(part)) <= {str, Ellipsis}
    return Kind.WORDS if is_list else Kind.TABLE
