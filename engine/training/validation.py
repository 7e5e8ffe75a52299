"""The pass over the validation split at the end of an epoch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.network import ImageNetwork
from engine.training.arrange import arrange
from engine.training.batches import Batches
from engine.training.made import make_once
from engine.training.precision import Precision
from engine.training.scores import BatchScores
from engine.training.side import Side

BATCHES_AT_ONCE = {"cpu": 1, "cuda": 4}  # a GPU waits for launches; a processor's caches hold a batch


class Validation:
    """Scores of the validation split, for batches of `training.batch_size`.

    Args:
        network: what is scored, in eval mode.
        batches: the validation split; may be empty.
        precision: as in training; reports are made in float32 whatever it is.
        side: of the step, which is idle now.
    """

    def __init__(self, network: ImageNetwork, batches: Batches, precision: Precision, side: Side) -> None:
        self.scores = BatchScores(batches.sizes)
        self._network, self._batches, self._precision, self._side = network, batches, precision, side
        self._at_once = batches.batch_size * BATCHES_AT_ONCE[batches.device.type]
        # the forms that training takes cost a processor more where there is no backward pass
        on_gpu = batches.device.type == "cuda"
        self._layers = arrange(network.layers, batches.device, precision, side) if on_gpu else network.layers
        self._images = make_once(self._layers, batches) if on_gpu and not network.test_flips else batches
        # an image each, padded to whole batches with images that cost nothing and are never right
        shape = batches.steps, batches.batch_size
        self._losses = torch.zeros(shape, dtype=torch.float32, device=batches.device)
        self._right = torch.zeros(shape, dtype=torch.bool, device=batches.device)
        self._sizes = batches.sizes.float()

    @torch.no_grad()
    def run(self) -> tuple[Tensor, Tensor]:
        """Score every batch, on the device.

        Returns:
            Images that the network gets right, int64, and the mean loss over images, float64: scalars on the device.
        """
        was_training = self._network.training
        self._network.eval()
        losses, right = self._losses.view(-1), self._right.view(-1)
        for first in range(0, self._batches.size, self._at_once):
            part = slice(first, min(first + self._at_once, self._batches.size))
            images, labels = self._images.part(part), self._batches.labels[part]
            with self._precision.autocast(images.device):
                logits = self._network.logits(images, self._layers)
            logits = logits.float()
            with self._side.work(logits, labels):
                losses[part].copy_(F.cross_entropy(logits, labels, reduction="none"))
            torch.eq(logits.argmax(1), labels, out=right[part])
        with self._side.work():
            torch.div(self._losses.sum(1), self._sizes, out=self.scores.losses)
            loss = self.scores.mean_loss()
        torch.sum(self._right, 1, out=self.scores.correct)
        correct = self.scores.correct.sum()
        self._network.train(was_training)
        self._side.join()
        return correct, loss
