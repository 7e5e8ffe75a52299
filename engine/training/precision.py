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
# multiply-adds from which casting gains; measured, see docs/performance.md
_WORTH_CASTING = {"cpu": 1_000_000, "cuda": 5_000_000}


def choose_precision(wish: str, device: torch.device, multiply_adds: int) -> Precision:
    """What a wish (`exact`, `fast`) comes to.

    bfloat16, but for a network so small that casting costs more than it gains: that is trained with TF32 on a GPU,
    and exactly on a CPU; so is any network on a device that lacks instructions for bfloat16 (and with them TF32).

    Args:
        multiply_adds: of the network, for one image, forward.
    """
    if wish == "exact":
        return EXACT
    on_gpu = device.type == "cuda"
    can = torch.cuda.is_bf16_supported(including_emulation=False) if on_gpu else multiplies_bfloat16()
    if can and multiply_adds >= _WORTH_CASTING[device.type]:
        return Precision(exact=False, dtype=torch.bfloat16, tf32=on_gpu)
    return Precision(exact=False, tf32=True) if can and on_gpu else EXACT
