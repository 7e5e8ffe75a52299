"""A training's whole state as one safetensors file, its predecessor behind it, and a hash over all of it.

A single flipped bit loads silently as other weights; hence the hash, and the fall-back to the previous file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.errors import LabError
from engine.store.arrays import DamagedFileError, decode_arrays, encode_arrays
from engine.store.files import read_file, replace_file
from engine.store.layout import LAST, PREVIOUS
from engine.training.device import device_name
from engine.training.precision import Precision
from engine.training.trainer import Trainer

FORMAT = 1
# raised where a step comes to sum in another order: the same training then has other bits
ARITHMETIC = {"cpu": 2, "cuda": 3}
_MAX_BYTES = 64 << 30


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name, and the scalars that go with them."""

    tensors: dict[str, Tensor]
    scalars: dict[str, Any]

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return int(self.scalars["epoch"])


def snapshot(trainer: Trainer) -> Checkpoint:
    """The trainer's state, on the CPU: weights, optimiser, generators, position, selection, the epoch under way."""
    tensors = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in trainer.tensors().items()}
    tensors |= {f"generator.{name}": source.get_state() for name, source in trainer.generators().items()}
    scalars = {
        "format": FORMAT,
        "epoch": trainer.epoch,
        "step": trainer.step,
        "seconds": trainer.seconds,
        "epoch_seconds": trainer.epoch_seconds,
        "fingerprint": trainer.experiment.fingerprint,
        "experiment": trainer.experiment.to_dict(),
        "made_on": made_on(trainer.device, trainer.precision),
    }
    return Checkpoint(tensors, scalars)


@torch.no_grad()
def restore(trainer: Trainer, checkpoint: Checkpoint) -> None:
    """Put a fresh trainer of the same experiment where the checkpoint's was."""
    for name, tensor in trainer.tensors().items():
        # made before its first step by an older version: the optimiser had no state yet
        if name in checkpoint.tensors or not name.startswith("optimizer."):
            tensor.copy_(checkpoint.tensors[name])
    for name, generator in trainer.generators().items():
        generator.set_state(checkpoint.tensors[f"generator.{name}"])
    scalars = checkpoint.scalars
    trainer.epoch, trainer.step = int(scalars["epoch"]), int(scalars["step"])
    trainer.seconds, trainer.epoch_seconds = float(scalars["seconds"]), float(scalars["epoch_seconds"])


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write `last.safetensors`; the one before becomes `previous.safetensors`. At every moment one of them is whole."""
    data = encode(checkpoint.tensors, checkpoint.scalars)
    replace_file(folder / LAST, data, keep_as=folder / PREVIOUS)


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest whole checkpoint of a run folder, or None where there is none."""
    for name in (LAST, PREVIOUS):
        try:
            return decode(read_file(folder / name, max_bytes=_MAX_BYTES))
        except (FileNotFoundError, DamagedFileError, LabError):
            continue
    return None


def encode(tensors: dict[str, Tensor], scalars: dict[str, Any]) -> bytes:
    """Tensors and scalars as one safetensors file, hashed."""
    return encode_arrays({name: tensor.numpy() for name, tensor in tensors.items()}, scalars)


def decode(data: bytes) -> Checkpoint:
    """What `encode` made.

    Raises:
        DamagedFileError: if a bit is not as it was.
    """
    arrays, scalars = decode_arrays(data)
    return Checkpoint({name: torch.from_numpy(array) for name, array in arrays.items()}, scalars)


def made_on(device: torch.device, precision: Precision) -> dict[str, Any]:
    """What a continuation must share to be equal to the bit."""
    return {
        "arithmetic": ARITHMETIC[device.type],
        "torch": torch.__version__,
        "device": device.type,
        "device_name": device_name(device),
        "threads": torch.get_num_threads(),
        "precision": precision.name,
        "cuda": torch.version.cuda if device.type == "cuda" else None,
        "cudnn": torch.backends.cudnn.version() if device.type == "cuda" else None,  # type: ignore[no-untyped-call]
    }
