"""One step of a training: rows of the split to a batch, to logits, to a loss, to new weights, to scores.

All that differs from step to step lies on the device at a fixed place: `Position` says which rows and which learning
rate. So the same function is called step by step on a CPU and captured once as a CUDA graph on a GPU, and nothing
in it may wait for the device, branch on a value, or keep a number of Python's that changes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.network import ImageNetwork
from engine.training.arrange import arrange
from engine.training.augmentation import Augmentation
from engine.training.averaging import WeightAverage
from engine.training.batches import Batches, RowBatches
from engine.training.convolution import MadePatches, PatchConv2d, Patches, may_make_once
from engine.training.optimizer import Optimizer
from engine.training.position import Position
from engine.training.precision import Precision
from engine.training.schedule import RateTable
from engine.training.scores import BatchScores
from engine.training.side import Side


class TrainingStep:
    """The step, and the tensors that it moves.

    Args:
        network: in training mode.
        batches: the training split.
        optimizer: of the network's parameters, with its learning rate on the device.
        rates: the learning rates to come.
        position: which step it is.
        precision: of the forward pass.
        augmentation: of the images, if it is on.
        label_smoothing: the share of the target that all classes have, in [0, 1).
        average: of the weights; None: not kept.
        noise: what dropout draws from; None where there is none.

    Attributes:
        order: int64 `[N]`, the order of the images in this epoch.
        scores: loss and correct images of each batch of this epoch.
        generators: what a step draws from; a captured one has to know them.
    """

    def __init__(
        self,
        network: ImageNetwork,
        batches: Batches,
        optimizer: Optimizer,
        rates: RateTable,
        position: Position,
        precision: Precision,
        *,
        augmentation: Augmentation,
        label_smoothing: float = 0.0,
        average: WeightAverage | None = None,
        noise: torch.Generator | None = None,
    ) -> None:
        self._side = Side(batches.device)
        self.layers, self.optimizer = arrange(network.layers, batches.device, precision, self._side), optimizer
        self._gather = batches.gather if augmentation.is_on else _made_once(self.layers, batches)
        self.scores = BatchScores(batches.sizes)
        self.generators = [noise] if noise is not None else []
        self._augmentation, self._smoothing, self._average = augmentation, label_smoothing, average
        self._batches, self._rates, self._position, self._precision = batches, rates, position, precision
        # padded to whole batches, so that the rows of a step are one row of a table
        rows = torch.zeros(batches.steps * batches.batch_size, dtype=torch.int64, device=batches.device)
        self.order = rows[: batches.size]
        self._table = rows.view(batches.steps, batches.batch_size)
        self._rows = torch.empty((1, batches.batch_size), dtype=torch.int64, device=batches.device)

    def full(self) -> None:
        """A step on a whole batch."""
        self._step(self._batches.batch_size)

    def last(self) -> None:
        """The step on the last batch of an epoch, which may be shorter."""
        self._step(self._batches.last_batch_size)

    def _step(self, size: int) -> None:
        images, labels = self._batch(size)
        with self._precision.autocast(images.device):
            logits = self.layers(images)
        logits = logits.float()
        loss = self._loss(logits, labels)
        with self._side.work(loss, logits, labels):
            self.scores.record(self._position.step, loss.detach(), logits.detach(), labels)
        # given the gradient of the loss itself, a GPU would run a kernel less, and torch import SymPy first: seconds
        gradients = torch.autograd.grad(loss, self.optimizer.parameters)
        self._side.join()
        self.optimizer.update(gradients)
        if self._average is not None:
            self._average.update()
        self._position.end_step()

    def _batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Images `float32 [B, C, H, W]`, or whatever `layers` take, and labels `int64 [B]`."""
        rows = torch.index_select(self._table, 0, self._position.step, out=self._rows)[0, :size]  # of [1, B]
        with self._side.work():
            self._rates.select(self._position, out=self.optimizer.lr)
            labels = self._batches.labels_of(rows)
        images = self._gather(rows)
        self._side.join()
        return self._augmentation.apply(images, self._position.step), labels

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """What is minimised, and recorded as the loss: a scalar, from logits `[B, K]` and labels `[B]`."""
        return F.cross_entropy(logits, labels, label_smoothing=self._smoothing)


def _made_once(layers: nn.Sequential, batches: Batches) -> Callable[[Tensor], Tensor]:
    """How to gather a batch: what of the first layer's work does not change is done now, once, where that gains."""
    first, (images, _) = layers[0], batches.part(slice(0, batches.batch_size))
    if not isinstance(first, PatchConv2d):
        return batches.gather
    patches = Patches.numbers(first.convolution, images[:1].shape)
    if not may_make_once(patches, images[0].numel(), batches.size, batches.device):
        return batches.gather
    layers[0] = made = MadePatches(first.convolution, images)
    return RowBatches(batches, made.make).gather
