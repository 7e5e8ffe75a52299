"""How many steps make a chunk: as many as fit between two looks at the world."""

from __future__ import annotations

CHUNK_SECONDS = 0.2  # a request waits for a chunk, at most a quarter of a second


class Pacer:
    """Finds the number of steps that takes `CHUNK_SECONDS`. It changes when one looks, never what is computed."""

    def __init__(self) -> None:
        self.steps = 1

    def took(self, steps: int, seconds: float) -> None:
        """The last chunk of `steps` took this long; at most double the next one."""
        fitting = int(steps * CHUNK_SECONDS / max(seconds, 1e-6))
        self.steps = max(1, min(fitting, 2 * self.steps))
