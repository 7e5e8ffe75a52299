"""The images on which two runs differ."""

from __future__ import annotations

import numpy as np

from engine.report.flips import find_flips
from engine.report.images import Predictions

CLASSES = ("apple", "pear", "plum")


def said(predictions: list[int], labels: tuple[int, ...] = (0, 1, 2, 0)) -> Predictions:
    return Predictions(CLASSES, np.array(labels), np.array(predictions), None)


def test_every_image_that_was_said_otherwise_is_listed_with_what_became_of_it() -> None:
    assert find_flips(said([0, 2, 1, 1]), said([1, 1, 0, 1])) == [
        {"image": 0, "true": "apple", "reference": "pear", "said": "apple", "change": "fixed"},
        {"image": 1, "true": "pear", "reference": "pear", "said": "plum", "change": "broken"},
        {"image": 2, "true": "plum", "reference": "apple", "said": "pear", "change": "other"},
    ]


def test_runs_of_other_images_have_no_flips() -> None:
    assert find_flips(said([0, 0, 0, 0]), said([1, 1, 1, 1], (1, 1, 2, 0))) == []
