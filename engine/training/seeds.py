"""Generators of a run's own, so that nothing reads or moves the global random state."""

from __future__ import annotations

import hashlib

import torch


def generator_for(seed: int, purpose: str, device: torch.device) -> torch.Generator:
    """A generator for one purpose of one run: `weights`, `shuffle`, … never share a stream, whatever the seed."""
    digest = hashlib.sha256(f"{purpose}:{seed}".encode()).digest()
    generator = torch.Generator(device=device)
    generator.manual_seed(int.from_bytes(digest[:8], "little") >> 1)
    return generator
