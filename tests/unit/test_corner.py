"""What stands in the corner, and what the terminal's title and bell say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tui import corner
from tui.announcer import Announcer
from tui.corner import corner_words, short_gpu_name
from tui.messages import Seen

GIB = 1 << 30
PROGRESS = {"epoch": 32, "epochs": 50, "step": 0, "steps_per_epoch": 11}


def live(name: str = "abf-max", device_name: str = "AMD EPYC", **progress: Any) -> Any:
    told = {**PROGRESS, **progress}
    return SimpleNamespace(id=name, name=name, environment={"device_name": device_name}, progress=lambda: told)


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corner, "usable_cores", lambda: 2)
    monkeypatch.setattr(corner, "_memory_bytes", lambda: 24 * GIB)


def test_a_machine_without_a_gpu() -> None:
    telemetry = {"cpu_percent": 98.0, "rss_bytes": int(0.55 * GIB), "gpu": None}
    two = [live(name, telemetry=telemetry) for name in ("abf-max", "abf-avg")]
    assert corner_words(two, 0) == "cpu 98% 1.1/24G  2 runs"
    assert corner_words([live(telemetry=None)], 2) == "1 run, 2 wait"
    assert corner_words([], 0) == "0 runs"


def test_a_process_that_two_runs_share_is_counted_once() -> None:
    telemetry = {"pid": 4242, "cpu_percent": 98.0, "rss_bytes": GIB, "gpu": None}
    two = [live(name, telemetry=telemetry) for name in ("abf-max", "abf-avg")]
    assert corner_words(two, 0) == "cpu 49% 1.0/24G  2 runs"


def test_a_gpu_is_named_briefly() -> None:
    gpu = {"utilisation_percent": 61, "memory_used_bytes": 2 * GIB, "memory_total_bytes": 140 * GIB}
    telemetry = {"cpu_percent": 98.0, "rss_bytes": GIB, "gpu": gpu}
    assert corner_words([live(device_name="NVIDIA H200", telemetry=telemetry)], 0) == "H200 61% 2/140G  1 run"
    unknown = {**telemetry, "gpu": dict.fromkeys(gpu)}
    assert corner_words([live(device_name="NVIDIA H200", telemetry=unknown)], 0) == "H200  1 run"
    names = ("NVIDIA A100-SXM4-80GB", "NVIDIA GeForce RTX 4090", "", "\x1b[2J")
    assert [short_gpu_name(name) for name in names] == ["A100", "4090", "gpu", "\\x1b[2J"]


def test_the_title_says_how_far_and_is_given_back() -> None:
    sent: list[str] = []
    announcer = Announcer(sent.append)
    announcer.see(Seen(), bell=True)
    announcer.see(Seen(live=(live("a\x1b]0;evil\x07"),)), bell=True)
    announcer.see(Seen(live=(live("a\x1b]0;evil\x07"),)), bell=True)
    announcer.leave()
    assert sent == ["\x1b[22;2t\x1b]2;cnnlab\x07", "\x1b]2;62% a\\x1b]0;evil\\x07\x07", "\x1b[23;2t"]


def test_the_bell_rings_at_the_end_of_a_run_if_asked_for() -> None:
    for bell in (False, True):
        sent: list[str] = []
        announcer = Announcer(sent.append)
        announcer.see(Seen(live=(live("a"), live("b"))), bell=bell)
        announcer.see(Seen(live=(live("b"),)), bell=bell)
        assert ("\x07" in sent) is bell
