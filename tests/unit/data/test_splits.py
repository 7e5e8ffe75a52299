"""Stratified splits: fixed by their seed, fair to every class, and frozen for ever."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.data.dataset import channel_statistics
from engine.data.splits import stratified

COUNTS = st.lists(st.integers(1, 30), min_size=1, max_size=5)


@given(COUNTS, st.floats(0.05, 0.5), st.integers(0, 5))
def test_every_class_gives_its_share_and_nothing_is_lost(counts: list[int], fraction: float, seed: int) -> None:
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    kept, held = stratified(labels, fraction, seed)
    assert sorted([*kept, *held]) == list(range(len(labels)))
    assert list(kept) == sorted(kept)
    for label, count in enumerate(counts):
        share = int((labels[held] == label).sum())
        assert share == min(max(1, round(count * fraction)), count - 1)


def test_the_drawn_rows_are_those_of_every_version() -> None:
    labels = np.repeat(np.arange(3), 10)
    assert stratified(labels, 0.2, 0)[1].tolist() == [2, 8, 13, 15, 22, 23]
    assert stratified(labels, 0.2, 1)[1].tolist() != stratified(labels, 0.2, 0)[1].tolist()


def test_statistics_of_channels_are_those_of_numpy_and_safe_for_a_constant_channel() -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 3), dtype=np.uint8)
    images[..., 2] = 7
    mean, std = channel_statistics(images)
    np.testing.assert_allclose(mean, (images / 255).mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(std[:2], (images / 255).std((0, 1, 2))[:2], rtol=1e-6)
    assert std[2] == 1.0
