"""Work of a step that others of its work need not wait for: on a GPU a stream beside the one that trains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from engine.training.streams import kept_stream


class Side:
    """A second line of work, which begins where it is said and is waited for where it is joined.

    On a CPU its work is done at once. What runs, and on what numbers, is the same either way.

    Args:
        device: where the step runs.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = kept_stream(device, "side") if device.type == "cuda" else None
        self._reads: list[object] = []

    @contextmanager
    def work(self, *reads: object) -> Iterator[None]:
        """Around what is done on the side, after all that was asked for before.

        Args:
            reads: tensors that it reads; kept until the lines are joined, lest their memory is given to somebody else.
        """
        if self._stream is None:
            yield
            return
        self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        self._reads.append(reads)
        with torch.cuda.stream(self._stream):
            yield

    def join(self) -> None:
        """What is asked for from now on comes after all that was done on the side."""
        if self._stream is not None and self._reads:  # a capture may not wait for work that is none of its own
            torch.cuda.current_stream(self._stream.device).wait_stream(self._stream)
            self._reads.clear()
