"""What belongs to the whole process, and what to one thread of it."""

from __future__ import annotations

import threading

import torch

from engine.training.device import switched, use_threads
from engine.training.precision import EXACT, Precision

GPU = torch.device("cuda", 0)  # no GPU is needed to set its switches
FAST = Precision(exact=False, dtype=torch.float32, tf32=True)


def switches() -> tuple[int, bool, bool]:
    return (
        torch.get_deterministic_debug_mode(),
        torch.backends.cuda.matmul.allow_tf32,
        torch.backends.cudnn.benchmark,
    )


def test_a_gpu_has_its_switches_in_one_thread_at_a_time() -> None:
    before, seen = switches(), []

    def train_fast() -> None:
        with switched(GPU, FAST):
            seen.append(switches())

    thread = threading.Thread(target=train_fast)
    with switched(GPU, EXACT):
        thread.start()
        with switched(GPU, FAST):  # as often as one likes in the same thread
            seen.append(switches())
        thread.join(0.05)
        assert thread.is_alive()
        assert switches() == (2, False, False)
    thread.join()
    assert seen == [(0, True, True)] * 2
    assert switches() == before


def test_a_cpu_waits_for_no_switches() -> None:
    done = threading.Event()

    def train() -> None:
        with switched(torch.device("cpu")):
            done.set()

    with switched(GPU):
        threading.Thread(target=train).start()
        assert done.wait(10)


def test_each_thread_has_its_own_number_of_threads() -> None:
    begun, go_on = threading.Event(), threading.Event()
    seen = []

    def train() -> None:
        with use_threads(1):
            begun.set()
            go_on.wait(10)
            seen.append(torch.get_num_threads())

    before = torch.get_num_threads()
    thread = threading.Thread(target=train)
    thread.start()
    begun.wait(10)
    with use_threads(2):
        go_on.set()
        thread.join()
        assert torch.get_num_threads() == 2
    assert seen == [1]
    assert torch.get_num_threads() == before
