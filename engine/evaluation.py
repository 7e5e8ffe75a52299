"""Reports from predictions: scikit-learn's `classification_report` and the confusion matrix, with numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


def make_report(labels: Labels, predictions: Labels, classes: Sequence[str]) -> dict[str, Any]:
    """One split's part of `report.json`.

    Args:
        labels, predictions: int64 `[N]`, 0 … K - 1.
        classes: K names.

    Returns:
        `images`, `accuracy`, `per_class`, `macro avg`, `weighted avg` and `confusion` (rows true, columns predicted);
        a score whose denominator is 0 is 0.

    Source: the keys and values of `sklearn.metrics.classification_report(output_dict=True, zero_division=0)`.
    """
    confusion = confusion_matrix(labels, predictions, len(classes))
    scores = per_class_scores(confusion)  # [K, 3]
    support = confusion.sum(1)
    images = int(support.sum())
    return {
        "images": images,
        "accuracy": _ratio(np.trace(confusion), images),
        "per_class": {name: _row(scores[k], support[k]) for k, name in enumerate(classes)},
        "macro avg": _row(scores.mean(0), images),
        "weighted avg": _row(support @ scores / max(images, 1), images),
        "confusion": confusion.tolist(),
    }


def confusion_matrix(labels: Labels, predictions: Labels, classes: int) -> NDArray[np.int64]:
    """int64 `[K, K]`: images of class `row` that were predicted as class `column`."""
    return np.bincount(labels * classes + predictions, minlength=classes**2).reshape(classes, classes)


def per_class_scores(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64 `[K, 3]`: precision, recall and F1 of each class; 0 where a denominator is 0."""
    right = np.diag(confusion).astype(np.float64)
    predicted, true = confusion.sum(0), confusion.sum(1)
    columns = [(right, predicted), (right, true), (2 * right, predicted + true)]
    return np.stack([_divide(above, below) for above, below in columns], axis=1)


def _divide(above: NDArray[np.float64], below: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _ratio(above: Any, below: int) -> float:
    return float(above / below) if below else 0.0


def _row(scores: NDArray[np.float64], support: Any) -> dict[str, Any]:
    precision, recall, f1 = (float(score) for score in scores)
    return {"precision": precision, "recall": recall, "f1-score": f1, "support": int(support)}
