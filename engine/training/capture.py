"""How the work of a training reaches the device: called each time, or captured once as a CUDA graph and replayed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

from engine.training.streams import kept_stream

Work = Callable[[], None]
WARM_UP = 3


class KeptState:
    """A copy of all that work changes, to be put back after it was run for practice.

    Args:
        tensors: changed in place; their places stay.
        generators: drawn from.
    """

    def __init__(self, tensors: Iterable[Tensor], generators: Iterable[torch.Generator]) -> None:
        self._tensors = [(tensor, tensor.clone()) for tensor in tensors]
        self._generators = [(generator, generator.get_state()) for generator in generators]

    @torch.no_grad()
    def put_back(self) -> None:
        """As it was when the copy was made."""
        for tensor, kept in self._tensors:
            tensor.copy_(kept)
        for generator, state in self._generators:
            generator.set_state(state)


class Path(Protocol):
    """One of the ways; `name` is what a run's `environment.path` says."""

    name: str

    def prepare(self, work: Work) -> Work:
        """Something that does the same as `work`, from now on."""


class Eager:
    """Every call does the work, kernel by kernel."""

    name = "eager"

    def prepare(self, work: Work) -> Work:
        return work


class CudaGraphs:
    """Work is captured once; a call replays all its kernels with one launch.

    Args:
        device: a CUDA device.
        kept: the state before; put back after every practice.
        generators: what the work draws from.
    """

    name = "cuda graph"

    def __init__(self, device: torch.device, kept: KeptState, generators: Sequence[torch.Generator]) -> None:
        self._device, self._kept, self._generators = device, kept, generators
        self._stream = kept_stream(device, "capture")
        self._pool = torch.cuda.graph_pool_handle()  # graphs replayed in turn on one stream share their memory

    def prepare(self, work: Work) -> Work:
        current = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with torch.cuda.device(self._device), torch.cuda.stream(self._stream):
            for _ in range(WARM_UP):  # on the stream that captures: libraries make their handles a stream
                work()
                self._kept.put_back()
        self._stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        for generator in self._generators:
            graph.register_generator_state(generator)
        # thread_local: another thread of the process, with work of its own, does not spoil the capture
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
            work()
        current.wait_stream(self._stream)
        self._kept.put_back()
        return graph.replay


PathMaker: TypeAlias = Callable[[torch.device, KeptState, Sequence[torch.Generator]], Path]


def choose_path(device: torch.device, kept: KeptState, generators: Sequence[torch.Generator]) -> Path:
    """CUDA graphs where there is CUDA."""
    return CudaGraphs(device, kept, generators) if device.type == "cuda" else Eager()
