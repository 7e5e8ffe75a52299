"""The images on which two runs differ, one by one: put right, spoilt, or wrong in another way."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.report.images import Predictions


def find_flips(run: Predictions, reference: Predictions) -> list[dict[str, Any]]:
    """Every image that the run and its reference said different things of, in data-set order.

    Args:
        run, reference: of the same images; with other labels nothing is compared.

    Returns:
        Rows of `image` (its index in the split), `true`, `reference`, `said` and `change`: `fixed`, `broken`, `other`.
    """
    if not np.array_equal(run.labels, reference.labels):
        return []
    rows = np.flatnonzero(run.predictions != reference.predictions)
    return [
        {
            "image": int(row),
            "true": run.classes[run.labels[row]],
            "reference": reference.classes[reference.predictions[row]],
            "said": run.classes[run.predictions[row]],
            "change": _change(run, reference, int(row)),
        }
        for row in rows
    ]


def _change(run: Predictions, reference: Predictions, row: int) -> str:
    if run.predictions[row] == run.labels[row]:
        return "fixed"
    return "broken" if reference.predictions[row] == run.labels[row] else "other"
