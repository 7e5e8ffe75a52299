"""The pass over the validation split at the end of an epoch."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from engine.network import ImageNetwork
from engine.training.batches import Batches
from engine.training.precision import Precision
from engine.training.scores import BatchScores


class Validation:
    """Scores of the validation split, batch by batch of `training.batch_size`.

    Args:
        network: what is scored, in eval mode.
        batches: the validation split; may be empty.
        precision: as in training; reports are made in float32 whatever it is.
    """

    def __init__(self, network: ImageNetwork, batches: Batches, precision: Precision) -> None:
        self.scores = BatchScores(batches.sizes)
        self._network, self._batches, self._precision = network, batches, precision
        self._numbers = torch.split(torch.arange(batches.steps, device=batches.device), 1)

    @torch.no_grad()
    def run(self) -> None:
        """Score every batch, on the device."""
        was_training = self._network.training
        self._network.eval()
        for step, number in enumerate(self._numbers):
            images, labels = self._batches.part(step)
            with self._precision.autocast(images.device):
                logits = self._network.logits(images)
            logits = logits.float()
            self.scores.record(number, F.cross_entropy(logits, labels), logits, labels)
        self._network.train(was_training)
