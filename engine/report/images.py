"""The images that a run was wrong about: which they are, what it said of them and how surely, and their pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data import open_split
from engine.data.dataset import LazySplit
from engine.errors import DataError, LabError
from engine.experiment import DatasetSettings, Experiment
from engine.store import Run
from engine.text import clean


@dataclass(frozen=True)
class Said:
    """What a run said of one image.

    Args:
        index: of the image in its split, in data-set order.
        true, said: names of classes.
        confidence: probability of what was said, in [0, 1]; None where it is not kept.
        reference: what the reference said of the same image, if it is known.
    """

    index: int
    true: str
    said: str
    confidence: float | None
    reference: str | None = None


class Predictions:
    """What a run said of every image of one split.

    Args:
        classes: K names.
        labels, predictions: int64 `[N]`.
        confidence: float32 `[N]`, or None.
    """

    def __init__(
        self,
        classes: tuple[str, ...],
        labels: NDArray[np.int64],
        predictions: NDArray[np.int64],
        confidence: NDArray[np.float32] | None,
    ) -> None:
        self.classes, self.labels, self.predictions, self.confidence = classes, labels, predictions, confidence

    @classmethod
    def of(cls, run: Run, split: str, classes: tuple[str, ...]) -> Predictions | None:
        """Those that the run keeps; None where they are missing, damaged, or of other classes."""
        found = run.predictions() or {}
        labels, predictions = found.get(f"{split}.labels"), found.get(f"{split}.predictions")
        if labels is None or predictions is None or len(labels) != len(predictions):
            return None
        both = np.concatenate([labels, predictions])
        if ((both < 0) | (both >= len(classes))).any():
            return None
        confidence = found.get(f"{split}.confidence")
        return cls(classes, labels, predictions, confidence)

    def images_of(
        self, true: str | None = None, said: str | None = None, reference: Predictions | None = None
    ) -> list[Said]:
        """Images of the class `true` that were said to be `said`, the surest first; with one of them None: mistakes.

        Where both are one class these are right, and the least sure come first.
        """
        chosen = np.ones(len(self.labels), bool) if None not in (true, said) else self.predictions != self.labels
        if true is not None:
            chosen &= self.labels == self.classes.index(true)
        if said is not None:
            chosen &= self.predictions == self.classes.index(said)
        rows = np.flatnonzero(chosen)
        if self.confidence is not None:
            sure = self.confidence[rows]
            rows = rows[np.argsort(sure if true == said is not None else -sure, kind="stable")]
        other = reference if reference is not None and np.array_equal(reference.labels, self.labels) else None
        return [
            Said(
                int(row),
                self.classes[self.labels[row]],
                self.classes[self.predictions[row]],
                None if self.confidence is None else float(self.confidence[row]),
                None if other is None else other.classes[other.predictions[row]],
            )
            for row in rows
        ]


def open_images(
    document: Mapping[str, Any], split: str, labels: NDArray[np.int64], data_dir: Path | None = None
) -> LazySplit:
    """The images of a split as the run had them.

    Args:
        document: the run's `run.json`.
        labels: int64 `[N]`, as the run recorded them: other data are refused.
        data_dir: where data sets are looked for if not where the run found them.

    Raises:
        DataError: where the data set is missing or has changed since; it says how to get it.
    """
    settings = _dataset_settings(document)
    try:
        images = open_split(settings, split, _data_dir(document, settings.name) or data_dir)
    except LabError as error:
        raise DataError(f"no pictures: {error.message}") from error
    if not np.array_equal(images.labels, labels):
        raise DataError(f"no pictures: the {split} images of {settings.name} are not those that the run was scored on")
    return images


def _dataset_settings(document: Mapping[str, Any]) -> DatasetSettings:
    try:
        return Experiment.build({"dataset": (document.get("experiment") or {}).get("dataset") or {}}).dataset
    except LabError as error:
        raise DataError(f"no pictures: its settings are not known here ({error.message})") from error


def _data_dir(document: Mapping[str, Any], name: str) -> Path | None:
    """The folder that the run was given; what can also lie elsewhere is looked for there if that is gone."""
    given = (document.get("request") or {}).get("data_dir")
    if not isinstance(given, str) or (name != "folder" and not Path(given).exists()):
        return None
    return Path(given)


@dataclass(frozen=True)
class Opened:
    """One split of a run, opened to look at its images.

    Args:
        own, other: what the run and the reference said; None where it is not kept.
        images: their pixels, to be taken; None where they are not here.
        problem: what is missing.
    """

    own: Predictions | None = None
    other: Predictions | None = None
    images: LazySplit | None = None
    problem: str = ""


def open_pictures(
    run: Run, split: str, classes: Sequence[str], reference: Run | None = None, data_dir: Path | None = None
) -> Opened:
    """Open a split of a run.

    Args:
        data_dir: where data sets are looked for if not where the run found them.

    Returns:
        What there is; what is missing is its `problem`, never raised.
    """
    own = Predictions.of(run, split, tuple(classes))
    if own is None:
        return Opened(problem=f"{clean(run.name)} has no predictions of {split}: missing, or damaged")
    other = None if reference is None else Predictions.of(reference, split, tuple(classes))
    try:
        return Opened(own, other, open_images(run.document, split, own.labels, data_dir))
    except LabError as error:
        return Opened(own, other, None, error.message)
