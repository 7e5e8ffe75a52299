"""The weights of the best epoch so far, chosen and copied on the device without asking it for a number."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Selection:
    """Keeps the weights of the selected epoch.

    Selected is the highest validation accuracy over images, then the lowest validation loss, then the
    earliest. Without validation every epoch replaces the one before, so that the last one stays.

    Args:
        network: whose state is followed.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._current = list(network.state_dict(keep_vars=False).values())
        self._flat = torch.cat([_flat(tensor) for tensor in self._current])
        kept = torch.split(self._flat, [tensor.numel() for tensor in self._current])
        self.weights = [_shaped(part, like) for part, like in zip(kept, self._current, strict=True)]
        device = self._current[0].device
        self.epoch = torch.zeros((), dtype=torch.int64, device=device)
        self.correct = torch.full((), -1, dtype=torch.int64, device=device)
        self.loss = torch.full((), torch.inf, dtype=torch.float64, device=device)

    @torch.no_grad()
    def offer(self, epoch: Tensor, correct: Tensor | None, loss: Tensor | None) -> None:
        """The network as it is after `epoch`.

        Args:
            epoch: int64 scalar on the device, epochs done.
            correct: int64 scalar, validation images it gets right; None without validation.
            loss: float64 scalar, its mean validation loss.
        """
        if correct is None or loss is None:
            self.epoch.copy_(epoch)
            torch.cat([_flat(tensor) for tensor in self._current], out=self._flat)
            return
        better = (correct > self.correct) | ((correct == self.correct) & (loss < self.loss))
        better &= torch.isfinite(loss)
        torch.where(better, correct, self.correct, out=self.correct)
        torch.where(better, loss, self.loss, out=self.loss)
        torch.where(better, epoch, self.epoch, out=self.epoch)
        current = torch.cat([_flat(tensor) for tensor in self._current])  # one choice for all of them
        torch.where(better, current, self._flat, out=self._flat)

    def state_dict(self) -> dict[str, Tensor]:
        """The kept weights, under the network's own names."""
        return dict(zip(self._network.state_dict(), self.weights, strict=True))


def _flat(tensor: Tensor) -> Tensor:
    """A view of all its numbers in the order of its memory, which has no gaps."""
    return tensor.detach().as_strided((tensor.numel(),), (1,))


def _shaped(flat: Tensor, like: Tensor) -> Tensor:
    """A view of these numbers in the shape and memory layout of another tensor."""
    return flat.as_strided(like.shape, like.stride(), flat.storage_offset())
