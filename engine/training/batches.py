"""A split held on the device, and its batches without a copy on the host."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from engine.data import Split
from engine.network import Normalize

# A split is normalised once, before training, while that takes no more than this; else batch by batch.
_NORMALISED_BYTES = 2 << 30


def are_normalised(numbers: int) -> bool:
    """Whether images of so many numbers are kept normalised, as float32; else as the bytes that they are."""
    return numbers * 4 <= _NORMALISED_BYTES


class Batches:
    """One split on the device, as batches for a network's `layers`.

    Images stay NHWC in memory: permuted, that is torch's channels-last layout, and rows are gathered
    by `index_select`, twenty times as fast as indexing. Normalised before or after gathering, the
    values are the same to the bit.

    Args:
        split: uint8 `[N, H, W, C]`, int64 `[N]`.
        normalize: the network's own normalisation, on `device`.
        batch_size: images a batch; the last one may be shorter, and no batch is larger than the split.
    """

    def __init__(self, split: Split, normalize: Normalize, batch_size: int, device: torch.device) -> None:
        images = torch.from_numpy(split.images.copy()).to(device)  # the copy: a memory map is read-only
        self.labels = torch.from_numpy(split.labels.copy()).to(device)
        self.size = len(self.labels)
        self.device = device
        self.batch_size = min(batch_size, max(1, self.size))
        self.steps = -(-self.size // self.batch_size)
        self.last_batch_size = self.size - (self.steps - 1) * self.batch_size
        self.sizes = torch.full((self.steps,), self.batch_size, dtype=torch.float64, device=device)
        if self.steps:
            self.sizes[-1] = self.last_batch_size
        self._normalize = normalize
        self._normalised = are_normalised(images.numel())
        if self._normalised:
            images = _normalise_in_parts(images, normalize)
        self._images = images
        self._image_buffer = torch.empty((self.batch_size, *images.shape[1:]), dtype=images.dtype, device=device)
        self._label_buffer = torch.empty(self.batch_size, dtype=torch.int64, device=device)

    def gather(self, rows: Tensor) -> Tensor:
        """Images `float32 [B, C, H, W]` of these rows; valid until the next call."""
        return self._to_network(torch.index_select(self._images, 0, rows, out=self._image_buffer[: len(rows)]))

    def labels_of(self, rows: Tensor) -> Tensor:
        """Their labels, int64 `[B]`; valid until the next call."""
        return torch.index_select(self.labels, 0, rows, out=self._label_buffer[: len(rows)])

    def part(self, rows: slice) -> Tensor:
        """Images of these rows in data-set order, without a copy."""
        return self._to_network(self._images[rows])

    def _to_network(self, images: Tensor) -> Tensor:
        if self._normalised:
            return images.permute(0, 3, 1, 2)  # [B, H, W, C] -> [B, C, H, W], channels-last
        normalised: Tensor = self._normalize(images)
        return normalised


class RowBatches:
    """Batches of what was made of the images of others, before training.

    Args:
        batches: the others.
        make: `float32 [N, C, H, W] -> [N, L]`, for at most a batch.
    """

    def __init__(self, batches: Batches, make: Callable[[Tensor], Tensor]) -> None:
        parts = [slice(start, start + batches.batch_size) for start in range(0, batches.size, batches.batch_size)]
        self._row_buffer = torch.empty_like(make(batches.part(parts[0])))
        self._rows = self._row_buffer.new_empty(batches.size, self._row_buffer.shape[1])
        for part in parts:
            self._rows[part] = make(batches.part(part))

    def gather(self, rows: Tensor) -> Tensor:
        """What was made of these rows, `[B, L]`; valid until the next call."""
        return torch.index_select(self._rows, 0, rows, out=self._row_buffer[: len(rows)])

    def part(self, rows: slice) -> Tensor:
        """What was made of these rows, in data-set order, without a copy."""
        return self._rows[rows]


def _normalise_in_parts(images: Tensor, normalize: Normalize) -> Tensor:
    result = torch.empty(images.shape, dtype=torch.float32, device=images.device)
    for part, into in zip(torch.split(images, 4096), torch.split(result, 4096), strict=True):
        into.copy_(normalize(part).permute(0, 2, 3, 1))
    return result
