"""One step of a training: rows of the split to a batch, to logits, to a loss, to new weights, to scores.

All that differs from step to step lies on the device at a fixed place: `Position` says which rows and which learning
rate. So the same function is called step by step on a CPU and captured once as a CUDA graph on a GPU, and nothing
in it may wait for the device, branch on a value, or keep a number of Python's that changes.
"""

from __future__ import annotations

import torch

from engine.network import ImageNetwork
from engine.training.arrange import arrange
from engine.training.augmentation import Augmentation
from engine.training.averaging import WeightAverage
from engine.training.batches import Batches
from engine.training.loss import CrossEntropy
from engine.training.made import make_once
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
        classes: how many there are.
        augmentation: of the images, if it is on.
        label_smoothing: the share of the target that all classes have, in [0, 1).
        average: of the weights; None: not kept.
        noise: what dropout draws from; None where there is none.

    Attributes:
        order: int64 `[N]`, the order of the images in this epoch.
        scores: loss and correct images of each batch of this epoch.
        side: what is not waited for is done there.
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
        classes: int,
        augmentation: Augmentation,
        label_smoothing: float = 0.0,
        average: WeightAverage | None = None,
        noise: torch.Generator | None = None,
    ) -> None:
        self.side = Side(batches.device)
        self.layers, self.optimizer = arrange(network.layers, batches.device, precision, self.side), optimizer
        self._images = batches if augmentation.is_on else make_once(self.layers, batches)
        self.scores = BatchScores(batches.sizes)
        self.generators = [noise] if noise is not None else []
        self._augmentation, self._average = augmentation, average
        numbers, on_gpu = torch.arange(classes, device=batches.device), batches.device.type == "cuda"
        self._loss = CrossEntropy(numbers, label_smoothing, self.side, on_gpu=on_gpu)
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
        rows = torch.index_select(self._table, 0, self._position.step, out=self._rows)[0, :size]  # of [1, B]
        with self.side.work():
            self._rates.select(self._position, out=self.optimizer.lr)
            labels = self._batches.labels_of(rows)
            targets = self._loss.targets(labels)
        images = self._augmentation.apply(self._images.gather(rows), self._position.step)
        with self._precision.autocast(images.device):
            logits = self.layers(images)
        logits = logits.float()
        self.side.join()
        loss = self._loss.of(logits, labels, targets)
        with self.side.work(loss, logits, labels):
            self.scores.record(self._position.step, loss.detach(), logits.detach(), labels)
            self._position.end_step()  # nothing else of this step asks where it is
        # given the gradient of the loss itself, a GPU would run a kernel less, and torch import SymPy first: seconds
        gradients = torch.autograd.grad(loss, self.optimizer.parameters)
        self.side.join()
        self.optimizer.update(gradients)
        if self._average is not None:
            self._average.update()
