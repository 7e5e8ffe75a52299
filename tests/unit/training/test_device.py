"""Where a run trains, and with how many threads."""

from __future__ import annotations

import pytest
import torch

from engine.training.device import choose_threads

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)
SMALL, LARGE = 1_300_000, 60_000_000


@pytest.mark.parametrize(
    ("device", "wish", "multiply_adds", "lanes", "threads"),
    [
        (CPU, 0, SMALL, 1, 1),
        (CPU, 0, LARGE, 1, 8),
        (CPU, 0, LARGE, 4, 2),
        (CPU, 0, LARGE, 16, 1),
        (CPU, 3, SMALL, 1, 3),
        (GPU, 0, LARGE, 1, 1),  # the device computes; threads beside it would only wait for work
        (GPU, 2, LARGE, 1, 2),
    ],
)
def test_threads_are_those_asked_for_or_those_that_gain(
    device: torch.device, wish: int, multiply_adds: int, lanes: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.device.usable_cores", lambda: 8)
    assert choose_threads(device, wish, multiply_adds, lanes) == threads
