"""What a step minimises: the mean cross-entropy of a batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.training.side import Side


class CrossEntropy:
    """The mean cross-entropy over the images of a batch.

    Args:
        classes: int64 `[K]`, on the device: 0 … K - 1.
        smoothing: the share of the target that all classes have, in [0, 1).
        side: where a GPU computes the loss, which only the scores wait for; to be joined by them.
        on_gpu: whether the gradient is made as suits a GPU.
    """

    def __init__(self, classes: Tensor, smoothing: float, side: Side, *, on_gpu: bool) -> None:
        self._classes, self._smoothing, self._side, self._on_gpu = classes, smoothing, side, on_gpu

    def targets(self, labels: Tensor) -> Tensor | None:
        """What can be said before there are logits: on a GPU, the part of their gradient that the labels make.

        Args:
            labels: int64 `[B]`.

        Returns:
            `float32 [B, K]`, minus the target of each class, divided by the images; None on a CPU.
        """
        if not self._on_gpu:
            return None
        rest = self._smoothing / len(self._classes)
        is_label = labels[:, None] == self._classes
        return torch.where(is_label, -(1 - self._smoothing + rest) / len(labels), -rest / len(labels))

    def of(self, logits: Tensor, labels: Tensor, targets: Tensor | None) -> Tensor:
        """A scalar, from logits `float32 [B, K]`, labels `int64 [B]` and their `targets`."""
        if targets is None:
            return F.cross_entropy(logits, labels, label_smoothing=self._smoothing)
        loss: Tensor = LossOnGpu.apply(logits, labels, targets, self._smoothing, self._side)  # type: ignore[no-untyped-call]
        return loss


class LossOnGpu(torch.autograd.Function):
    """The loss, whose gradient needs none of it: `softmax / images + targets`, two kernels in place of eight."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor, targets: Tensor, smoothing: float, side: Side) -> Tensor:
        """A scalar; it is there when `side` is joined."""
        with side.work(logits, labels):
            loss = F.cross_entropy(logits, labels, label_smoothing=smoothing)
        ctx.save_for_backward(torch.add(targets, torch.softmax(logits, 1), alpha=1 / len(labels)))
        return loss

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Of the loss itself, which is what is minimised: its own gradient is one."""
        (of_logits,) = ctx.saved_tensors
        return of_logits, None, None, None, None
