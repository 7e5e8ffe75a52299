"""Scores of batches, from the device to the history's numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.training.scores import BatchScores, EpochTable, HostScores

SIZES = [128, 128, 128, 60]


def host_scores(epochs: int) -> HostScores:
    random = np.random.default_rng(0)
    sizes = np.array(SIZES, dtype=np.float64)
    losses = random.exponential(size=(epochs, 4)).astype(np.float32).astype(np.float64)
    return HostScores(losses, random.integers(0, 60, (epochs, 4)).astype(np.float64), sizes)


def test_a_summary_is_means_over_images_and_quartiles_over_batches() -> None:
    scores = host_scores(3)
    for row, losses, correct in zip(scores.summaries(), scores.losses, scores.correct, strict=True):
        accuracies = correct / scores.sizes
        expected = [
            np.average(losses, weights=scores.sizes),
            *np.percentile(losses, [25, 75]),
            np.average(accuracies, weights=scores.sizes),
            *np.percentile(accuracies, [25, 75]),
        ]
        assert row == pytest.approx(expected, rel=1e-15)


def test_an_epoch_has_the_same_bits_however_many_ended_with_it() -> None:
    """How many epochs end between two looks at the device is a matter of speed."""
    together = host_scores(200)
    alone = [HostScores(together.losses[n : n + 1], together.correct[n : n + 1], together.sizes) for n in range(200)]
    assert [row for scores in alone for row in scores.summaries()] == together.summaries()


def test_losses_that_are_not_finite_are_found_without_a_warning() -> None:
    scores = host_scores(3)
    scores.losses[1] = [0.5, math.inf, math.inf, -math.inf]
    scores.losses[2] = [math.nan, 1.0, math.inf, 1.0]
    assert scores.first_not_finite() == [0, 2, 1]
    assert all(math.isfinite(value) for value in scores.summaries()[0])
    assert not math.isfinite(scores.summaries()[1][0])


def test_a_chunk_is_fetched_with_its_epochs_and_the_batches_under_way() -> None:
    train, validation = (BatchScores(torch.tensor(sizes, dtype=torch.float64)) for sizes in (SIZES, [50, 7]))
    table = EpochTable(train, validation)
    for epoch in range(2):
        train.losses.fill_(epoch + 0.25)
        validation.correct.fill_(epoch + 3)
        for split in (train, validation):
            table.record(torch.tensor([epoch]), split)
    train.losses[:] = torch.tensor([9.0, 8.0, 7.0, 6.0])
    (trained, held_out), running = table.fetch(2, 3)
    assert trained.losses.tolist() == [[0.25] * 4, [1.25] * 4]
    assert held_out.correct.tolist() == [[3, 3], [4, 4]]
    assert held_out.sizes.tolist() == [50, 7]
    assert (running.losses.tolist(), running.sizes.tolist()) == ([[9, 8, 7]], SIZES[:3])


def test_no_epoch_may_have_ended() -> None:
    train = BatchScores(torch.tensor(SIZES, dtype=torch.float64))
    (ended,), running = EpochTable(train, None).fetch(0, 1)
    assert (ended.summaries(), ended.first_not_finite(), running.losses.shape) == ([], [], (1, 1))


def test_very_many_batches_make_a_short_table() -> None:
    train = BatchScores(torch.ones(300_000, dtype=torch.float64))
    assert EpochTable(train, None).rows == 1
