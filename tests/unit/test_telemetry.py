"""What a training costs the machine, told; and a GPU that is too full, refused. The GPU itself is played by fakes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from engine.architecture import build_architecture
from engine.data import Split, load_dataset
from engine.diagnosis import logout_check, runs_check
from engine.errors import TrainingError
from engine.execution.memory import check_memory, estimate_demand, memory_words
from engine.experiment import Experiment
from engine.telemetry import Telemetry, device_memory, name_holders, telemetry_words
from engine.training.patches import columns_of
from engine.training.precision import EXACT, Precision


class NVMLError(Exception):
    """What the fake library raises."""


def fake_nvml(**answers: Any) -> SimpleNamespace:
    def answer(name: str) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            if name not in answers:
                raise NVMLError(name)
            return answers[name]

        return ask

    names = (
        "nvmlInit",
        "nvmlDeviceGetHandleByUUID",
        "nvmlDeviceGetMemoryInfo",
        "nvmlDeviceGetUtilizationRates",
        "nvmlDeviceGetPowerUsage",
        "nvmlDeviceGetTemperature",
        "nvmlDeviceGetComputeRunningProcesses",
    )
    return SimpleNamespace(NVMLError=NVMLError, NVML_TEMPERATURE_GPU=0, **{name: answer(name) for name in names})


def test_a_process_tells_its_processor_and_memory() -> None:
    telemetry = Telemetry().read()
    assert telemetry["gpu"] is None
    assert telemetry["rss_bytes"] > 1 << 20
    assert telemetry["cpu_percent"] >= 0
    assert "cpu" in telemetry_words(telemetry)
    assert telemetry_words(None) == ""


def test_a_gpu_tells_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = SimpleNamespace(used=2 << 30, total=140 << 30)
    library = fake_nvml(
        nvmlInit=None,
        nvmlDeviceGetHandleByUUID="card",
        nvmlDeviceGetMemoryInfo=memory,
        nvmlDeviceGetUtilizationRates=SimpleNamespace(gpu=61),
        nvmlDeviceGetPowerUsage=310_000,
        nvmlDeviceGetComputeRunningProcesses=[SimpleNamespace(pid=os.getpid(), usedGpuMemory=1 << 30)],
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    gpu = Telemetry("GPU-1").read()["gpu"]
    assert gpu == {
        "utilisation_percent": 61,
        "memory_used_bytes": 2 << 30,
        "memory_total_bytes": 140 << 30,
        "power_watts": 310.0,
        "temperature_celsius": None,
        "holders": gpu["holders"],
    }
    (holder,) = gpu["holders"]
    assert (holder["pid"], holder["memory_bytes"]) == (os.getpid(), 1 << 30)
    assert "python" in holder["name"] or "pytest" in holder["name"]
    assert holder["user"]
    words = telemetry_words({"cpu_percent": 98.0, "rss_bytes": 1 << 30, "gpu": gpu})
    assert words == "cpu 98 %, 1,024 MiB, gpu 61 %, 2,048 of 143,360 MiB, 310 W"


def test_who_holds_the_memory_is_named_only_where_the_driver_sees_the_processes_that_we_see() -> None:
    elsewhere = name_holders({1: 5 << 30, 2: None})
    assert elsewhere == [
        {"pid": 1, "user": None, "name": None, "memory_bytes": 5 << 30},
        {"pid": 2, "user": None, "name": None, "memory_bytes": None},
    ]
    rows = name_holders({os.getpid(): 1 << 20, 2**22 + 1: 9 << 30})
    assert [row["pid"] for row in rows] == [2**22 + 1, os.getpid()]
    assert rows[0]["name"] is None
    assert rows[1]["name"]


def test_a_machine_without_the_driver_tells_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml())
    assert Telemetry("GPU-1").read()["gpu"] is None


def test_a_gpu_that_others_fill_refuses_a_run_with_the_figures(
    tiny: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = tiny()
    dataset = load_dataset(experiment.dataset)
    architecture = build_architecture(experiment.model, dataset.image_shape, 2)
    needed = estimate_demand(architecture, dataset, experiment, torch.device("cuda"), EXACT)
    assert (512 << 20) < needed.total < (600 << 20)
    assert check_memory(torch.device("cpu"), replace(needed, weights=1 << 60)) is None
    free, emptied = [1 << 30], []

    def empty() -> None:
        emptied.append(True)
        free[0] = 2 << 30  # what an earlier run of this process left

    monkeypatch.setattr(torch.cuda, "empty_cache", empty)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free[0], 8 << 30))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 1 << 30)
    device = torch.device("cuda", 0)
    memory = check_memory(device, needed)
    # one GiB is this process's own, and half a one its context
    assert memory == {"free_bytes": 2 << 30, "total_bytes": 8 << 30, "held_by_others_bytes": (5 << 30) - (512 << 20)}
    assert memory_words(device, memory) == "cuda:0: 2,048 of 8,192 MiB are free, about 4,608 MiB are held by others"
    shared = check_memory(device, needed, is_shared=True)
    assert shared is not None
    assert shared["held_by_others_bytes"] == (6 << 30) - (512 << 20)
    too_much = replace(needed, weights=3 << 30)
    words = r"3,072 MiB are for weights, .*; cuda:0: 2,048 of 8,192 MiB are free, about 4,.*; wait, take another"
    with pytest.raises(TrainingError, match=words):
        check_memory(device, too_much)
    with pytest.raises(TrainingError, match=r"held by others; try a smaller model.hidden_size: layer"):
        check_memory(device, replace(needed, weights=9 << 30))  # no waiting helps


def test_the_patches_of_a_gpu_count_as_memory(tiny: Callable[..., Experiment]) -> None:
    experiment = tiny(pooling="stride", batch_size=16)
    dataset = load_dataset(experiment.dataset)
    architecture = build_architecture(experiment.model, dataset.image_shape, 2)
    half = Precision(exact=False, dtype=torch.bfloat16)  # makes no patches

    def patches(experiment: Experiment) -> tuple[int, int]:
        of = architecture, dataset, experiment, torch.device("cuda")
        exact, plain = estimate_demand(*of, EXACT), estimate_demand(*of, half)
        return (exact.images - plain.images) // 4, (exact.activations - plain.activations) // 4

    filters = experiment.model.hidden_size
    side = dataset.image_shape[0] // 4  # a patch and ones for the bias, at each place of two strides by 4
    image = side**2 * (5 * 5 * 3 + 1), (side // 4) ** 2 * columns_of(3 * 3 * filters)
    train, validation = len(dataset.train.labels), len(dataset.validation.labels)
    of_batches = (16 + min(4 * 16, validation)) * sum(image)
    flipped = experiment.replace("training.flips", "random")
    assert patches(experiment) == ((train + validation) * image[0], of_batches)
    assert patches(flipped) == (validation * image[0], of_batches)
    assert patches(flipped.replace("training.test_flips", True)) == (0, of_batches)


def test_images_beyond_two_gibibytes_count_as_the_bytes_that_they_are(tiny: Callable[..., Experiment]) -> None:
    experiment = tiny()
    dataset = load_dataset(experiment.dataset)
    architecture = build_architecture(experiment.model, dataset.image_shape, 2)
    pixels = dataset.image_shape[0] * dataset.image_shape[1] * dataset.image_shape[2]
    limit = (2 << 30) // (4 * pixels)

    def images(count: int) -> int:
        split = Split(dataset.train.images, np.broadcast_to(np.zeros(1, np.int64), (count,)))
        many = replace(dataset, train=split, validation=split.take(np.zeros(0, np.int64)))
        return estimate_demand(architecture, many, experiment, torch.device("cpu"), EXACT).images

    assert images(limit) == 4 * pixels * limit
    assert images(limit + 1) == pixels * (limit + 1)


@pytest.mark.parametrize(
    ("visible", "device", "asked"),
    [
        (None, "cuda:1", ("nvmlDeviceGetHandleByIndex", 1)),
        ("3,2", "cuda:1", ("nvmlDeviceGetHandleByIndex", 2)),
        ("GPU-abc", "cuda:0", ("nvmlDeviceGetHandleByUUID", "GPU-abc")),
        ("99", "cuda:0", ("nvmlDeviceGetHandleByIndex", 99)),
        ("", "cuda:0", None),
        ("0", "cuda:1", None),
        ("0", "cpu", None),
    ],
)
def test_the_memory_of_a_gpu_is_asked_without_torch(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, device: str, asked: tuple[str, Any] | None
) -> None:
    seen: list[tuple[str, Any]] = []
    library = fake_nvml(nvmlInit=None, nvmlDeviceGetMemoryInfo=SimpleNamespace(used=2 << 30, total=80 << 30))

    def handle(name: str) -> Callable[..., Any]:
        def ask(which: Any) -> str:
            seen.append((name, which))
            if which == 99:
                raise NVMLError("no such card")
            return "card"

        return ask

    for name in ("nvmlDeviceGetHandleByIndex", "nvmlDeviceGetHandleByUUID"):
        setattr(library, name, handle(name))
    monkeypatch.setitem(sys.modules, "pynvml", library)
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    memory = device_memory(device)
    assert seen == ([asked] if asked else [])
    expected = None if asked is None or asked[1] == 99 else {"used_bytes": 2 << 30, "total_bytes": 80 << 30}
    assert memory == expected


def test_a_folder_that_others_may_write_and_one_that_locks_do_not_reach_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runs_check(tmp_path).ok
    tmp_path.chmod(0o777)
    check = runs_check(tmp_path)
    assert not check.ok
    assert str(check.fix).startswith("chmod go-w")
    tmp_path.chmod(0o700)
    monkeypatch.setattr("engine.diagnosis.is_trusted", lambda folder: False)
    assert "network file system" in runs_check(tmp_path).detail


def test_systemd_that_kills_at_logout_is_told_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "somebody")
    assert logout_check(tmp_path).ok
    folder = tmp_path / "etc/systemd/logind.conf.d"
    folder.mkdir(parents=True)
    (folder.parent / "logind.conf").write_text("[Login]\n#KillUserProcesses=yes\n")
    assert logout_check(tmp_path).ok
    (folder / "10-kill.conf").write_text("[Login]\nKillUserProcesses=yes\n")
    check = logout_check(tmp_path)
    assert not check.ok
    assert "enable-linger" in str(check.fix)
    linger = tmp_path / "var/lib/systemd/linger/somebody"
    linger.parent.mkdir(parents=True)
    linger.touch()
    assert logout_check(tmp_path).ok
