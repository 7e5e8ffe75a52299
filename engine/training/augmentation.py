"""Augmentation as batched tensor code on the device: images mirrored, moved, and a square of each blanked.

What is done to each image of an epoch is drawn when the epoch begins, like the order of the images, so that a
step draws nothing, branches on no value, and can be captured.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.experiment import TrainingSettings
from engine.training.batches import Batches
from engine.training.seeds import generator_for

_DRAWS = 5  # mirrored or not, rows moved, columns moved, row and column of the blanked square's centre


class Augmentation:
    """The draws of one epoch, and what they do to a batch.

    Args:
        settings: flips, shift, shift_padding, cutout.
        batches: the training split.
        shape: `(H, W)` of an image.

    Attributes:
        draws: int64 `[steps x batch_size, 5]`, by position in the epoch; part of a training's state.
        generator: what they are drawn from.

    Source: shifts are the random crops of padded images of He et al. 2016; cutout as in DeVries & Taylor 2017;
    alternating flips (an image is mirrored in every other epoch) as in Jordan 2024, arXiv:2404.00498.
    """

    def __init__(self, settings: TrainingSettings, batches: Batches, shape: tuple[int, int]) -> None:
        device, rows = batches.device, batches.steps * batches.batch_size
        self.settings = settings
        self.is_on = settings.flips != "none" or settings.shift > 0 or settings.cutout > 0
        self.generator = generator_for(settings.seed, "augmentation", device)
        self._height, self._width = shape
        self._size = batches.size if self.is_on else 0
        self.draws = torch.zeros((rows if self.is_on else 0, _DRAWS), dtype=torch.int64, device=device)
        self._table = self.draws.view(-1, batches.batch_size, _DRAWS)
        self._row = torch.empty((1, batches.batch_size, _DRAWS), dtype=torch.int64, device=device)
        self._rows, self._columns = (torch.arange(length, device=device) for length in shape)
        self._images = torch.arange(batches.batch_size, device=device)
        first = generator_for(settings.seed, "first flips", device)
        self._first_flips = torch.randint(0, 2, (self._size,), generator=first, device=device)

    def draw(self, epoch: int, order: Tensor) -> None:
        """New draws for an epoch.

        Args:
            epoch: epochs done.
            order: int64 `[N]`, the order of the images in it.
        """
        if not self.is_on:
            return
        settings, draws = self.settings, self.draws[: self._size]
        if settings.flips == "random":
            draws[:, 0] = self._integers(0, 2, 1)[:, 0]
        elif settings.flips == "alternating":
            draws[:, 0] = (self._first_flips[order] + epoch) % 2
        if settings.shift:
            draws[:, 1:3] = self._integers(-settings.shift, settings.shift + 1, 2)
        if settings.cutout:
            draws[:, 3] = self._integers(0, self._height, 1)[:, 0]
            draws[:, 4] = self._integers(0, self._width, 1)[:, 0]

    def apply(self, images: Tensor, step: Tensor) -> Tensor:
        """The images of one step, augmented.

        Args:
            images: float32 `[B, C, H, W]`, normalised, in channels-last memory.
            step: int64 `[1]`, of the epoch, on the device.
        """
        if not self.is_on:
            return images
        count = len(images)
        draws = torch.index_select(self._table, 0, step, out=self._row)[0, :count]  # [B, 5]
        if self.settings.flips != "none" or self.settings.shift:
            images = self._moved(images, draws)
        if self.settings.cutout:
            images = images * ~self._blanked(draws)
        return images

    def _integers(self, low: int, high: int, columns: int) -> Tensor:
        size = (self._size, columns)
        return torch.randint(low, high, size, generator=self.generator, device=self.draws.device)

    def _moved(self, images: Tensor, draws: Tensor) -> Tensor:
        """Every pixel fetched from where the flip and the shift say: one gather of whole pixels."""
        count, channels = images.shape[:2]
        rows = self._rows + draws[:, 1:2]  # [B, H]
        columns = self._columns + draws[:, 2:3]  # [B, W]
        columns = torch.where(draws[:, 0:1] == 1, self._width - 1 - columns, columns)
        inside = None
        if self.settings.shift and self.settings.shift_padding == "zero":
            inside = _is_inside(rows, self._height)[:, :, None] & _is_inside(columns, self._width)[:, None, :]
        rows, columns = _reflected(rows, self._height), _reflected(columns, self._width)
        first = self._images[:count, None, None] * (self._height * self._width)
        places = first + rows[:, :, None] * self._width + columns[:, None, :]  # [B, H, W]
        pixels = images.permute(0, 2, 3, 1).reshape(-1, channels)
        moved = pixels.index_select(0, places.view(-1)).view(count, self._height, self._width, channels)
        if inside is not None:
            moved = moved * inside[..., None]
        return moved.permute(0, 3, 1, 2)

    def _blanked(self, draws: Tensor) -> Tensor:
        """bool `[B, 1, H, W]`: the pixels of the square, as far as it lies in the image."""
        side = self.settings.cutout
        rows, columns = self._rows - draws[:, 3:4] + side // 2, self._columns - draws[:, 4:5] + side // 2
        return (_is_inside(rows, side)[:, :, None] & _is_inside(columns, side)[:, None, :])[:, None]


def _is_inside(places: Tensor, size: int) -> Tensor:
    return (places >= 0) & (places < size)


def _reflected(places: Tensor, size: int) -> Tensor:
    """Places beyond an edge, by less than `size`, mirrored at it; the edge itself is not doubled."""
    return size - 1 - (size - 1 - places.abs()).abs()
