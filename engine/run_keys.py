"""The numbers and words of a run by the names that filters, sorting and columns use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from engine.errors import RequestError, suggestion
from engine.text import clean

# Kept here so that listing runs need not import the settings' models; a test holds them together.
SETTING_KEYS = {
    "dataset": ("name", "classes", "validation", "split_seed", "image_size", "skip_broken", "train_fraction"),
    "model": ("name", "pooling", "hidden_size", "dropout", "layers"),
    "training": (
        *("epochs", "batch_size", "optimizer", "lr", "momentum", "nesterov"),
        *("weight_decay", "schedule", "warmup", "flips", "shift", "shift_padding", "cutout", "label_smoothing"),
        *("ema", "test_flips", "seed", "threads", "precision"),
    ),
}
# Settings that the first runs did not have, and what those runs mean by that.
LATER_DEFAULTS: dict[str, Any] = {
    "dataset.train_fraction": 1.0,
    "model.dropout": 0.0,
    "model.layers": [],
    "training.warmup": 0.0,
    "training.flips": "none",
    "training.shift": 0,
    "training.shift_padding": "reflect",
    "training.cutout": 0,
    "training.label_smoothing": 0.0,
    "training.ema": 0.0,
    "training.test_flips": False,
    "training.precision": "exact",
}
SUMMARY_KEYS = (
    *("epochs_done", "selected_epoch", "train_accuracy", "validation_accuracy", "test_accuracy"),
    *("train_loss", "validation_loss", "test_loss", "overfitting_gap", "loss_gap"),
    *("seconds", "images_per_second", "parameters", "multiply_adds"),
)
_SHORT = {
    "data": "dataset.name",
    "dataset": "dataset.name",
    "model": "model.name",
    "network": "model.name",
    "gap": "overfitting_gap",
    "test": "test_accuracy",
    "train": "train_accuracy",
    "val": "validation_accuracy",
    "time": "seconds",
}


_NOTHING: Mapping[str, Any] = {}


class KeyedRun(Protocol):
    """What is needed of a run; `engine.store.Run` has it."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def tags(self) -> Sequence[str]: ...
    @property
    def state(self) -> str: ...
    @property
    def document(self) -> Mapping[str, Any]: ...


def _words(table: str, *keys: str) -> Callable[[KeyedRun], list[str]]:
    def find(run: KeyedRun) -> list[str]:
        values = run.document.get(table) or {}
        return [str(values[key]) for key in keys if values.get(key) is not None]

    return find


_OTHERS: dict[str, Callable[[KeyedRun], Any]] = {
    "state": lambda run: run.state,
    "name": lambda run: run.name,
    "id": lambda run: run.id,
    "tag": lambda run: list(run.tags),
    "note": lambda run: run.document.get("note"),
    "created": lambda run: run.document.get("created"),
    "study": _words("study", "name", "id", "label"),
    "device": _words("environment", "device", "device_name"),
}


def resolve_key(key: str) -> str:
    """The full name of a key: `pooling` is `model.pooling`, `test` is `test_accuracy`.

    Raises:
        RequestError: for a key that is not known, naming the nearest.
    """
    if key in _SHORT:
        return _SHORT[key]
    if key in SUMMARY_KEYS or key in _OTHERS:
        return key
    section, _, setting = key.rpartition(".")
    for known, names in SETTING_KEYS.items():
        if setting in names and section in ("", known):
            return f"{known}.{setting}"
    settings = [name for names in SETTING_KEYS.values() for name in names]
    candidates = list(dict.fromkeys([*_SHORT, *SUMMARY_KEYS, *_OTHERS, *settings]))
    near = suggestion(setting or key, candidates) or f"; keys are {', '.join(candidates)}"
    raise RequestError(f"filter: there is no key {clean(key)!r}{near}", field="filter")


def reader_of(field: str) -> Callable[[KeyedRun], Any]:
    """What reads from a run what it has under a resolved key; None where it has nothing."""
    section, _, setting = field.partition(".")
    if setting:
        default = LATER_DEFAULTS.get(field)

        def read_setting(run: KeyedRun) -> Any:
            settings = (run.document.get("experiment") or _NOTHING).get(section)
            return settings.get(setting, default) if settings else None

        return read_setting
    if field in _OTHERS:
        return _OTHERS[field]
    return lambda run: (run.document.get("summary") or _NOTHING).get(field)


def searched_text(run: KeyedRun) -> str:
    """Where a bare word is looked for: name, id, tags and classes, folded, with a character between that none has."""
    classes = ((run.document.get("experiment") or _NOTHING).get("dataset") or _NOTHING).get("classes") or ()
    return "\0".join(map(str, (run.name, run.id, *run.tags, *classes))).casefold()
