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
        self._quartiles = torch.tensor([0.25, 0.75], dtype=torch.float64, device=sizes.device)

    def record(self, step: int, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Batch `step`: its mean loss (scalar), logits `[B, K]` and labels `[B]`."""
        self.losses[step] = loss
        self.correct[step] = (logits.argmax(1) == labels).sum()

    def summary(self) -> Tensor:
        """float64 `[6]`: loss mean, 25 %, 75 %; accuracy mean, 25 %, 75 %. Means over images, bands over batches."""
        losses = self.losses.double()
        accuracies = self.correct / self.sizes
        return torch.cat([self._column(losses), self._column(accuracies)])

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

    def _column(self, values: Tensor) -> Tensor:
        mean = (values * self.sizes).sum() / self.sizes.sum()
        return torch.cat([mean[None], torch.quantile(values, self._quartiles)])


def as_record(columns: list[float]) -> dict[str, dict[str, float]]:
    """Six columns of `summary` as the history writes them."""
    names = ("mean", "p25", "p75")
    return {
        "loss": dict(zip(names, columns[:3], strict=True)),
        "accuracy": dict(zip(names, columns[3:], strict=True)),
    }
