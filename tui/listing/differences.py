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

    The settings of a run do not change, so a run is looked at once.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._studies: dict[str, list[SettledRun]] = {}
        self._varied: dict[str, tuple[str, ...]] = {}
        self._common: dict[str, Any] = {}

    def know(self, runs: Sequence[SettledRun]) -> None:
        """These are all runs that there are."""
        news = [run for run in runs if run.id not in self._known]
        if len(self._known) + len(news) > len(runs):  # some are gone
            self._known, self._studies, self._varied, news = set(), {}, {}, list(runs)
        for run in news:
            self._known.add(run.id)
            if study := run.document.get("study"):
                name = str(study.get("id"))
                self._studies.setdefault(name, []).append(run)
                self._varied.pop(name, None)

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
    experiment = run.document.get("experiment") or {}
    return {key: value for name, values in experiment.items() for key, value in _section(name, values)}


def _section(section: str, values: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(values, dict):
        for key, value in values.items():
            if (name := f"{section}.{key}") not in _SILENT:
                yield name, value


def _most_common(runs: Sequence[SettledRun]) -> dict[str, Any]:
    """The value that most runs have under each setting."""
    sections: dict[int, tuple[str, Any]] = {}
    times: Counter[int] = Counter()
    for run in runs:
        for name, values in (run.document.get("experiment") or {}).items():
            times[id(values)] += 1  # runs of one experiment may share their settings
            sections[id(values)] = name, values
    counts: dict[str, Counter[str]] = {}
    values_of: dict[tuple[str, str], Any] = {}
    for number, (name, values) in sections.items():
        for key, value in _section(name, values):
            word = repr(value)  # a list cannot be counted
            counts.setdefault(key, Counter())[word] += times[number]
            values_of.setdefault((key, word), value)
    return {key: values_of[key, counter.most_common(1)[0][0]] for key, counter in counts.items()}


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
