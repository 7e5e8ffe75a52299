"""Reports against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import classification_report, confusion_matrix

from engine.evaluation import make_report


@given(st.integers(2, 6), st.integers(1, 60), st.integers(0, 10_000))
def test_a_report_is_that_of_scikit_learn(classes: int, images: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, images)
    predictions = np.where(random.random(images) < 0.5, labels, random.integers(0, classes, images))
    names = [f"class {k}" for k in range(classes)]
    report = make_report(labels, predictions, names)
    everything = list(range(classes))
    expected = classification_report(
        labels, predictions, labels=everything, target_names=names, output_dict=True, zero_division=0
    )
    for name in names:
        assert report["per_class"][name] == pytest.approx(expected[name])
    for average in ("macro avg", "weighted avg"):
        assert report[average] == pytest.approx(expected[average])
    assert report["accuracy"] == pytest.approx((labels == predictions).mean())
    assert report["confusion"] == confusion_matrix(labels, predictions, labels=everything).tolist()
    assert report["images"] == images
