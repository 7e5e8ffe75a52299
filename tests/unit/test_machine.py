"""What the machine offers, as far as it can be told without torch."""

from __future__ import annotations

import importlib.machinery
import subprocess
import sys
from pathlib import Path

import pytest

from engine import machine


@pytest.fixture(autouse=True)
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two GPUs, and a torch that could use them."""
    monkeypatch.setattr(machine, "gpu_count", lambda: 2)
    monkeypatch.setattr(machine, "_torch_without_gpus", lambda: None)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.parametrize(
    ("device", "visible", "why"),
    [
        ("cpu", "", None),
        ("auto", "", None),
        ("cuda", None, None),
        ("cuda:1", None, None),
        ("cuda:2", None, "the kernel shows 2 NVIDIA GPUs"),
        ("cuda:1", "1", "the kernel shows 2 NVIDIA GPUs, and CUDA_VISIBLE_DEVICES=1 leaves 1"),
        ("cuda:0", "1", None),
        ("cuda:1", "0, 1", None),
        ("cuda:0", "", "the kernel shows 2 NVIDIA GPUs, and CUDA_VISIBLE_DEVICES= leaves none"),
        ("cuda", "-1", "the kernel shows 2 NVIDIA GPUs, and CUDA_VISIBLE_DEVICES=-1 leaves none"),
        ("cuda", "99", "the kernel shows 2 NVIDIA GPUs, and CUDA_VISIBLE_DEVICES=99 leaves none"),
        ("cuda:1", "0,99,1", "the kernel shows 2 NVIDIA GPUs, and CUDA_VISIBLE_DEVICES=0,99,1 leaves 1"),
        ("cuda:1", "GPU-abc,MIG-def", None),
    ],
)
def test_a_gpu_is_missing_where_the_kernel_or_cuda_does_not_show_it(
    monkeypatch: pytest.MonkeyPatch, device: str, visible: str | None, why: str | None
) -> None:
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert machine.missing_gpu(device) == why


def test_a_single_gpu_is_told_in_the_singular(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "gpu_count", lambda: 1)
    assert machine.missing_gpu("cuda:1") == "the kernel shows 1 NVIDIA GPU"


@pytest.mark.parametrize(
    ("cuda", "hip", "why"),
    [
        ("None", "None", "torch 2.13.0+cpu is a build for the CPU alone"),
        ("'13.0'", "None", None),
        ("None", "'7.1'", None),
    ],
)
def test_a_torch_without_gpus_is_known_by_its_version_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cuda: str, hip: str, why: str | None
) -> None:
    monkeypatch.undo()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(machine, "gpu_count", lambda: 1)
    text = f"__version__ = '2.13.0+cpu'\ncuda: Optional[str] = {cuda}\nhip: Optional[str] = {hip}\n"
    (tmp_path / "version.py").write_text(text)
    found = importlib.machinery.ModuleSpec("torch", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(machine, "find_spec", lambda name: found)
    assert machine.missing_gpu("cuda:0") == why
    (tmp_path / "version.py").unlink()
    assert machine.missing_gpu("cuda:0") is None


def test_the_torch_that_is_installed_is_asked_without_being_imported() -> None:
    told = "import sys; from engine import machine; print(machine._torch_without_gpus()); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    import torch

    is_for_cpu = torch.version.cuda is None and torch.version.hip is None
    assert done.stdout.split() == [torch.__version__ if is_for_cpu else "None", "False"]
