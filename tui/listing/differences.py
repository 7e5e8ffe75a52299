"""What tells a run from its neighbours, in a few cells: `max s=1`, `lr=0.5`, `3 classes`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from engine.format import setting
from engine.text import clean

# In the order in which they are shown; settings that are not here come after these, before the seed.
_BARE = ("dataset.name", "dataset.classes", "model.name", "model.pooling")
_SHORT = {
    "model.hidden_size": "hidden",
    "training.batch_size": "batch",
    "training.weight_decay": "wd",
    "training.momentum": "mom",
    "training.seed": "s",
    "training.optimizer": "",
    "training.schedule": "",
}
_SILENT = frozenset({"training.threads", "dataset.skip_broken"})  # they change no number
_LAST = "training.seed"
_MOST_LOOKED_AT = 300  # of the newest: more do not change what is common


class SettledRun(Protocol):
    """What is needed of a run; `engine.store.Run` has it."""

    @property
    def id(self) -> str: ...
    @property
    def document(self) -> Mapping[str, Any]: ...


class Differences:
    """Within a study, the settings that its runs vary; else those in which a run is not like most that are listed.

    Args:
        runs: all that there are.
    """

    def __init__(self, runs: Sequence[SettledRun]) -> None:
        self._studies: dict[str, list[SettledRun]] = {}
        for run in runs:
            study = run.document.get("study")
            if study:
                self._studies.setdefault(str(study.get("id")), []).append(run)
        self._varied: dict[str, tuple[str, ...]] = {}
        self._common: dict[str, Any] = {}

    def among(self, listed: Sequence[SettledRun]) -> None:
        """From now on most of these are what a run outside a study is compared with."""
        self._common = _most_common(listed[:_MOST_LOOKED_AT])

    def words(self, run: SettledRun) -> str:
        """The differences of one run; empty where there is none."""
        study = run.document.get("study")
        varied = self._varied_in(str(study.get("id"))) if study else ()
        own = settings_of(run)
        if not varied:
            varied = tuple(key for key, value in own.items() if key in self._common and value != self._common[key])
        return " ".join(_words(key, own[key]) for key in sorted(varied, key=_rank) if key in own)

    def _varied_in(self, study: str) -> tuple[str, ...]:
        if study not in self._varied:
            seen: dict[str, Any] = {}
            varied: dict[str, None] = {}
            for run in self._studies.get(study, ()):
                for key, value in settings_of(run).items():
                    if seen.setdefault(key, value) != value:
                        varied[key] = None
            self._varied[study] = tuple(varied)
        return self._varied[study]


def settings_of(run: SettledRun) -> dict[str, Any]:
    """The settings that change numbers, by their full names."""
    return dict(_settings(run))


def _settings(run: SettledRun) -> Iterator[tuple[str, Any]]:
    for section, values in (run.document.get("experiment") or {}).items():
        if isinstance(values, dict):
            for key, value in values.items():
                if (name := f"{section}.{key}") not in _SILENT:
                    yield name, value


def _most_common(runs: Sequence[SettledRun]) -> dict[str, Any]:
    """The value that most runs have under each setting."""
    counts: dict[str, Counter[str]] = {}
    values: dict[tuple[str, str], Any] = {}
    for run in runs:
        for key, value in _settings(run):
            word = repr(value)  # a list cannot be counted
            counts.setdefault(key, Counter())[word] += 1
            values.setdefault((key, word), value)
    return {key: values[key, counter.most_common(1)[0][0]] for key, counter in counts.items()}


def _rank(key: str) -> tuple[int, str]:
    if key in _BARE:
        return _BARE.index(key), key
    return (len(_BARE) + 1 if key == _LAST else len(_BARE)), key


def _words(key: str, value: Any) -> str:
    if key == "dataset.classes" and isinstance(value, list):
        return f"{len(value)} classes" if len(value) > 2 else clean(",".join(map(str, value)))
    if key in _BARE:
        return clean(value)
    name = _SHORT.get(key, key.partition(".")[2])
    return f"{clean(name)}={setting(value)}" if name else setting(value)
