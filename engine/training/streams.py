"""Streams of a GPU, kept by the thread that works on them.

torch has 32 a device and gives them out in turn: of streams made anew for every training, one is some day that of a
sibling in the same process, whose work would land in the graph that is captured there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_of_thread = threading.local()


def kept_stream(device: torch.device, purpose: str) -> torch.cuda.Stream:
    """The stream that this thread has for a purpose, the same one every time.

    Args:
        device: a CUDA device.
        purpose: `training`, `capture`, `side`: no two of them share one. `engine.machine.MOST_RUNS` counts on three.
    """
    streams: dict[tuple[torch.device, str], torch.cuda.Stream] = _of_thread.__dict__.setdefault("streams", {})
    if (device, purpose) not in streams:
        streams[device, purpose] = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    return streams[device, purpose]


@contextmanager
def own_stream(device: torch.device) -> Iterator[None]:
    """This thread's work on a GPU goes to a stream of its own, beside that of other threads. A CPU has none."""
    if device.type != "cuda":
        yield
        return
    with torch.cuda.stream(kept_stream(device, "training")):
        yield
