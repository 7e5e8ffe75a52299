"""The average of a network's weights over its last steps."""

from __future__ import annotations

import torch

from engine.network import ImageNetwork


class WeightAverage:
    """A second network that follows the first: after each step `a <- decay · a + (1 - decay) · w`.

    Args:
        network: whose weights and running statistics are averaged.
        averaged: what keeps the average, in eval mode for ever; begins where `network` is.
        decay: in [0, 1); the average reaches back about `1 / (1 - decay)` steps.

    Source: Polyak & Juditsky 1992, in its exponential form.
    """

    def __init__(self, network: ImageNetwork, averaged: ImageNetwork, decay: float) -> None:
        averaged.load_state_dict(network.state_dict())
        self.network = averaged.eval()
        self._weight = 1 - decay
        self._from = [tensor.detach() for tensor in network.state_dict().values()]
        self._into = [tensor.detach() for tensor in averaged.state_dict().values()]

    @torch.no_grad()
    def update(self) -> None:
        """After a step of the optimiser."""
        torch._foreach_lerp_(self._into, self._from, self._weight)
