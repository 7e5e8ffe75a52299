"""What is known of a data set: its classes, how many images each has, whether it is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.data.classes import choose_classes, find_classes
from engine.data.splits import SplitSizes, split_sizes
from engine.errors import SettingsError
from engine.experiment import DatasetSettings


@dataclass(frozen=True)
class ClassFacts:
    """One class; counts are before any image is held out, None where they are not known."""

    name: str
    superclass: str | None
    train: int | None
    test: int | None


@dataclass(frozen=True)
class DataFacts:
    """A data set as it lies on this machine.

    Args:
        problem: why its images, or even its classes, are not to be had; empty where they are.
        fetch_bytes: what fetching it would bring; None where it is not fetched.
    """

    name: str
    classes: tuple[ClassFacts, ...] = ()
    problem: str = ""
    fetch_bytes: int | None = None

    @classmethod
    def from_document(
        cls,
        document: Mapping[str, Any],
        problem: str = "",
        fetch_bytes: int | None = None,
        counts: tuple[int, int] | None = None,
    ) -> DataFacts:
        """From the document of `cnnlab data show --json`.

        Args:
            counts: images of each class that there will be, to train and to test on, where the document has none.
        """
        train, test = counts or (None, None)
        classes = (
            ClassFacts(
                entry["name"],
                entry["superclass"],
                train if entry["train"] is None else entry["train"],
                test if entry["test"] is None else entry["test"],
            )
            for entry in document["classes"]
        )
        return cls(document["name"], tuple(classes), problem, fetch_bytes)

    @classmethod
    def from_names(cls, name: str, names: Sequence[str], groups: Mapping[str, Sequence[str]]) -> DataFacts:
        """What is known before anything is counted."""
        group_of = {member: group for group, members in groups.items() for member in members}
        return cls(name, tuple(ClassFacts(one, group_of.get(one), None, None) for one in names))

    @property
    def is_here(self) -> bool:
        """Its images can be looked at; while they are still being counted, not yet."""
        return bool(self.classes) and not self.problem and self.is_counted

    @property
    def is_counted(self) -> bool:
        return all(entry.train is not None for entry in self.classes)

    @property
    def can_fetch(self) -> bool:
        """Its images are not here, and can be fetched."""
        return bool(self.classes) and bool(self.problem) and self.fetch_bytes is not None

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.classes)

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Superclasses with their members, in order."""
        groups: dict[str, list[str]] = {}
        for entry in self.classes:
            if entry.superclass:
                groups.setdefault(entry.superclass, []).append(entry.name)
        return {group: tuple(groups[group]) for group in sorted(groups)}

    def chosen(self, wished: Sequence[str]) -> tuple[str, ...]:
        """The classes that settings name, in data-set order; all of them where they name none.

        Raises:
            SettingsError: naming each unknown one with the nearest spelling; fewer than two.
        """
        return choose_classes(wished, self.names, self.groups, self.name)

    def named(self, wished: Sequence[str]) -> tuple[str, ...]:
        """The classes among these words, in data-set order; none where none is named or one is unknown."""
        try:
            return find_classes(wished, self.names, self.groups, self.name)
        except SettingsError:
            return ()

    def sizes(self, settings: DatasetSettings) -> SplitSizes | None:
        """Images of each split for these settings; None where counts are not known.

        Raises:
            SettingsError: as `chosen`, and for too few images of a class.
        """
        chosen = set(self.chosen(settings.classes))
        entries = [entry for entry in self.classes if entry.name in chosen]
        train = [entry.train for entry in entries if entry.train is not None]
        test = [entry.test for entry in entries if entry.test is not None]
        if len(train) < len(entries) or len(test) < len(entries):
            return None
        return split_sizes(train, test, [entry.name for entry in entries], settings.validation, settings.train_fraction)
