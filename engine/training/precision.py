"""What `training.precision` comes to on a device: the numbers that convolutions and matrix products are made of."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from engine.machine import multiplies_bfloat16


@dataclass(frozen=True)
class Precision:
    """How a training computes. Weights, loss, optimiser and statistics are float32 in any case.

    Args:
        exact: float32 and deterministic algorithms.
        dtype: of convolutions and matrix products.
        tf32: whether a GPU may round the float32 ones to 10 bits.
    """

    exact: bool = True
    dtype: torch.dtype = torch.float32
    tf32: bool = False

    @property
    def name(self) -> str:
        """`float32`, `bfloat16`, `tf32`."""
        if self.dtype is torch.float32 and self.tf32:
            return "tf32"
        return str(self.dtype).removeprefix("torch.")

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """Around the forward pass. Weights are cast anew in each step: a captured one could not see a cached cast."""
        if self.dtype is torch.float32:
            return nullcontext()
        return torch.autocast(device.type, dtype=self.dtype, cache_enabled=False)


EXACT = Precision()
_WORTH_CASTING = 1_000_000  # measured: 0.23 M lose, 1.3 M gain half; see docs/performance.md


def choose_precision(wish: str, device: torch.device, multiply_adds: int) -> Precision:
    """What a wish (`exact`, `fast`) comes to.

    On a CPU that lacks instructions for bfloat16, or for a network so small that casting costs more than it gains,
    fast is exact.

    Args:
        multiply_adds: of the network, for one image, forward.
    """
    if wish == "exact":
        return EXACT
    if device.type == "cuda":
        supported = torch.cuda.is_bf16_supported(including_emulation=False)
        return Precision(exact=False, dtype=torch.bfloat16 if supported else torch.float32, tf32=True)
    gains = multiply_adds >= _WORTH_CASTING and multiplies_bfloat16()
    return Precision(exact=False, dtype=torch.bfloat16) if gains else EXACT
