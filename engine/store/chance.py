"""Random bits from the operating system. Not by `secrets`: the hashing that it imports would make every start wait."""

from __future__ import annotations

import os
from random import SystemRandom


def random_hex(size_bytes: int) -> str:
    """Two hex digits a byte."""
    return os.urandom(size_bytes).hex()


def random_below(end: int) -> int:
    """A whole number in [0, end)."""
    return SystemRandom().randrange(end)
