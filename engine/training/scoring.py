"""Logits of a whole split by the whole network, the way the exported file will compute them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from engine.data import Split

_IMAGES_AT_ONCE = 256


@dataclass(frozen=True)
class Scored:
    """What a network says of a split, in data-set order.

    Args:
        labels, predictions: int64 `[N]`.
        confidence: float32 `[N]`, probability of the predicted class, in [0, 1].
        logits: float32 `[N, K]`.
        loss: mean cross-entropy over the images.
    """

    labels: NDArray[np.int64]
    predictions: NDArray[np.int64]
    confidence: NDArray[np.float32]
    logits: NDArray[np.float32]
    loss: float

    @property
    def accuracy(self) -> float:
        return float((self.predictions == self.labels).mean())


@torch.no_grad()
def score_split(network: nn.Module, split: Split, device: torch.device) -> Scored:
    """Score a split in eval mode and float32, without augmentation."""
    network.eval()
    parts = []
    for start in range(0, len(split.labels), _IMAGES_AT_ONCE):
        images = torch.from_numpy(split.images[start : start + _IMAGES_AT_ONCE].copy())
        parts.append(network(images.to(device)).float().cpu())
    logits = torch.cat(parts)
    labels = torch.from_numpy(split.labels.copy())
    confidence, predictions = logits.double().softmax(1).max(1)
    return Scored(
        labels.numpy(),
        predictions.numpy(),
        confidence.float().numpy(),
        logits.numpy(),
        float(F.cross_entropy(logits.double(), labels)),
    )
