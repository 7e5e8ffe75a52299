"""Loss and accuracy of every batch of an epoch, kept on the device until somebody asks."""

from __future__ import annotations

import torch
from torch import Tensor

COLUMNS = 6


class BatchScores:
    """Mean loss and correct images of each batch of one pass over a split.

    Args:
        sizes: float64 `[S]`, images in each batch.
    """

    def __init__(self, sizes: Tensor) -> None:
        self.sizes = sizes
        self.losses = torch.zeros(len(sizes), dtype=torch.float32, device=sizes.device)
        self.correct = torch.zeros(len(sizes), dtype=torch.int64, device=sizes.device)
        self._numbers = torch.arange(len(sizes), device=sizes.device)
        self._images = sizes.sum()
        places = [share * (len(sizes) - 1) for share in (0.25, 0.75)]
        self._below = torch.tensor([int(place) for place in places], device=sizes.device)
        self._above = torch.tensor([-int(-place) for place in places], device=sizes.device)
        self._share = torch.tensor([place % 1 for place in places], dtype=torch.float64, device=sizes.device)

    def record(self, step: Tensor, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Batch `step` (int64 `[1]`, from 0): its mean loss (scalar), logits `[B, K]` and labels `[B]`."""
        # a comparison and two choices: writing at an index is many kernels where algorithms must be deterministic
        here = self._numbers == step
        correct = (logits.argmax(1) == labels).sum()
        torch.where(here, loss, self.losses, out=self.losses)
        torch.where(here, correct, self.correct, out=self.correct)

    def summary(self) -> Tensor:
        """float64 `[6]`: loss mean, 25 %, 75 %; accuracy mean, 25 %, 75 %. Means over images, bands over batches."""
        values = torch.stack([self.losses.double(), self.correct / self.sizes])  # [2, S]
        means = (values * self.sizes).sum(1, keepdim=True) / self._images
        ordered = values.sort(1).values
        below, above = ordered.index_select(1, self._below), ordered.index_select(1, self._above)
        return torch.cat([means, below + (above - below) * self._share], 1).flatten()

    def so_far(self, steps: int) -> Tensor:
        """float64 `[2]`: mean loss and accuracy over the images of the first `steps` batches."""
        images = self.sizes[:steps].sum()
        loss = (self.losses[:steps].double() * self.sizes[:steps]).sum() / images
        return torch.stack([loss, self.correct[:steps].sum() / images])

    def first_not_finite(self, steps: int) -> Tensor:
        """float64 scalar: the first of these batches whose loss is not finite, from 1; 0 if there is none."""
        if not steps:
            return torch.zeros((), dtype=torch.float64, device=self.losses.device)
        wrong = ~torch.isfinite(self.losses[:steps])
        return torch.where(wrong.any(), wrong.to(torch.int64).argmax() + 1, 0).double()


class EpochTable:
    """What the epochs that ended in one chunk of steps left behind, a row each, until the chunk ends.

    Args:
        columns: numbers an epoch.
    """

    ROWS = 256  # at most so many epochs a chunk

    def __init__(self, columns: int, device: torch.device) -> None:
        self.values = torch.zeros((self.ROWS, columns), dtype=torch.float64, device=device)
        self._numbers = torch.arange(self.ROWS, device=device)[:, None]

    def record(self, row: Tensor, values: Tensor) -> None:
        """Row `row` (int64 `[1]`, from 0): float64 `[columns]`."""
        torch.where(self._numbers == row, values, self.values, out=self.values)


def as_record(columns: list[float]) -> dict[str, dict[str, float]]:
    """Six columns of `summary` as the history writes them."""
    names = ("mean", "p25", "p75")
    return {
        "loss": dict(zip(names, columns[:3], strict=True)),
        "accuracy": dict(zip(names, columns[3:], strict=True)),
    }
