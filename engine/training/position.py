"""Where a training is, as numbers on the device, so that one step is the same work whichever step it is."""

from __future__ import annotations

import torch


class Position:
    """Four counters that the work itself moves on, each an int64 `[1]`.

    Attributes:
        step: of the epoch under way, from 0.
        rate: of the table of learning rates.
        row: of the table of epochs that ended in this chunk of steps.
        epoch: epochs done.
    """

    def __init__(self, device: torch.device) -> None:
        self.counters = torch.zeros(4, dtype=torch.int64, device=device)
        self.step, self.rate, self.row, self.epoch = torch.split(self.counters, 1)
        self._step_done = torch.tensor([1, 1, 0, 0], device=device)
        self._step_kept = torch.tensor([0, 1, 1, 1], device=device)
        self._epoch_done = torch.tensor([0, 0, 1, 1], device=device)

    def place(self, step: int, rate: int, epoch: int) -> None:
        """Where the next chunk of steps begins; said by the host, between chunks."""
        self.counters.copy_(torch.tensor([step, rate, 0, epoch]))

    def end_step(self) -> None:
        """One step on."""
        self.counters.add_(self._step_done)

    def end_epoch(self) -> None:
        """One epoch and one row on, back to its first step."""
        self.counters.mul_(self._step_kept).add_(self._epoch_done)
