"""Augmentation against numpy, image by image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.data import Split
from engine.experiment import TrainingSettings
from engine.network import Normalize
from engine.training.augmentation import Augmentation
from engine.training.batches import Batches

CPU = torch.device("cpu")
SIZE, BATCH, SIDE = 23, 8, 12


@pytest.fixture
def batches() -> Batches:
    random = np.random.default_rng(0)
    images = random.integers(1, 256, (SIZE, SIDE, SIDE, 3), dtype=np.uint8)
    return Batches(Split(images, np.zeros(SIZE, dtype=np.int64)), Normalize([0.0] * 3, [1 / 255] * 3), BATCH, CPU)


def epoch_of(batches: Batches, epoch: int = 0, **settings: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Images before and after, `[N, H, W, C]`, and what was drawn for each, `[N, 5]`."""
    augmentation = Augmentation(TrainingSettings(**settings), batches, (SIDE, SIDE))
    order = torch.randperm(SIZE, generator=torch.Generator().manual_seed(1))
    augmentation.draw(epoch, order)
    before, after = [], []
    for step in range(batches.steps):
        images = batches.gather(order[step * BATCH : (step + 1) * BATCH])
        before.append(images.clone())
        after.append(augmentation.apply(images, torch.tensor([step])).clone())
        assert after[-1].is_contiguous(memory_format=torch.channels_last)
    columns = [torch.cat(parts).permute(0, 2, 3, 1).numpy() for parts in (before, after)]
    return columns[0], columns[1], augmentation.draws[:SIZE].numpy()


def test_what_is_off_changes_nothing(batches: Batches) -> None:
    before, after, draws = epoch_of(batches)
    np.testing.assert_array_equal(before, after)
    assert draws.size == 0


def test_random_flips_mirror_about_half_of_the_images(batches: Batches) -> None:
    before, after, draws = epoch_of(batches, flips="random")
    flipped = draws[:, 0] == 1
    assert 0 < flipped.sum() < SIZE
    np.testing.assert_array_equal(after[flipped], before[flipped][:, :, ::-1])
    np.testing.assert_array_equal(after[~flipped], before[~flipped])


def test_alternating_flips_mirror_each_image_in_every_other_epoch(batches: Batches) -> None:
    (_, first, a), (_, second, b) = (epoch_of(batches, epoch, flips="alternating") for epoch in (0, 1))
    assert 0 < a[:, 0].sum() < SIZE
    np.testing.assert_array_equal(a[:, 0] + b[:, 0], np.ones(SIZE))
    np.testing.assert_array_equal(first, second[:, :, ::-1])


@pytest.mark.parametrize(("padding", "mode"), [("reflect", "reflect"), ("zero", "constant")])
@pytest.mark.parametrize("flips", ["none", "random"])
def test_a_shift_is_a_crop_of_the_padded_image_mirrored_or_not(
    batches: Batches, padding: str, mode: Any, flips: str
) -> None:
    before, after, draws = epoch_of(batches, shift=4, shift_padding=padding, flips=flips)
    assert {*draws[:, 1]} | {*draws[:, 2]} == set(range(-4, 5))
    for image, moved, (flip, rows, columns, *_) in zip(before, after, draws, strict=True):
        padded = np.pad(image[:, ::-1] if flip else image, ((4, 4), (4, 4), (0, 0)), mode=mode)
        crop = padded[4 + rows : 4 + rows + SIDE, 4 + columns : 4 + columns + SIDE]
        np.testing.assert_array_equal(moved, crop)


@pytest.mark.parametrize("side", [1, 4, 5])
def test_cutout_blanks_a_square_as_far_as_it_lies_in_the_image(batches: Batches, side: int) -> None:
    before, after, draws = epoch_of(batches, cutout=side)
    for image, cut, (*_, row, column) in zip(before, after, draws, strict=True):
        top, left = row - side // 2, column - side // 2
        expected = image.copy()
        expected[max(top, 0) : top + side, max(left, 0) : left + side] = 0
        np.testing.assert_array_equal(cut, expected)


def test_each_epoch_draws_anew_and_the_seed_says_what(batches: Batches) -> None:
    settings = TrainingSettings(shift=4)
    a, b = (Augmentation(settings, batches, (SIDE, SIDE)) for _ in range(2))
    order = torch.arange(SIZE)
    a.draw(0, order)
    b.draw(0, order)
    assert torch.equal(a.draws, b.draws)
    a.draw(1, order)
    assert not torch.equal(a.draws, b.draws)
    other = Augmentation(TrainingSettings(shift=4, seed=1), batches, (SIDE, SIDE))
    other.draw(0, order)
    assert not torch.equal(other.draws, b.draws)
