"""What the machine, the installation and the data look like, check by check, with a remedy for each problem."""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import DataError, LabError
from engine.format import counted
from engine.machine import has_nvidia_gpu, usable_cores
from engine.store.lock import is_trusted
from engine.text import clean

if TYPE_CHECKING:
    from engine.store import Run

_FREE_BYTES = 2 << 30
_OLDEST_TORCH = (2, 11)


@dataclass(frozen=True)
class Check:
    """One thing looked at. `fix` says what to do where `ok` is false."""

    name: str
    ok: bool
    detail: str
    fix: str | None = None


def diagnose(runs_dir: Path, data_dir: Path | None) -> Iterator[Check]:
    """Look at everything, the cheap things first."""
    yield _python()
    yield from _libraries()
    yield from _devices()
    yield runs_check(runs_dir)
    yield _disk(runs_dir)
    yield from _data_sets(data_dir)
    yield from _runs(runs_dir)
    yield _terminal()
    yield logout_check()


def _python() -> Check:
    version = platform.python_version()
    return Check("python", sys.version_info >= (3, 11), f"{version} on {platform.platform()}", "install Python 3.11+")


def _libraries() -> Iterator[Check]:
    for name in ("numpy", "scikit-learn", "onnx", "onnxruntime", "safetensors"):
        try:
            yield Check(name, True, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check(name, False, "not installed", "make setup, or reinstall cnnlab-tui")


def _devices() -> Iterator[Check]:
    cores = usable_cores()
    yield Check(
        "cpu", True, f"{counted(cores, 'usable core')}: a study trains {counted(cores, 'run')} at once, one thread each"
    )
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Check("torch", False, f"cannot be imported: {clean(error)}", "make setup, or pip install 'torch>=2.11'")
        return
    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU build"
    yield Check("torch", version >= _OLDEST_TORCH, f"{torch.__version__}, {build}", "pip install 'torch>=2.11'")
    yield from _gpus()


def _gpus() -> Iterator[Check]:
    import torch

    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(number)
            name = torch.cuda.get_device_name(number)
            yield Check(f"cuda:{number}", True, f"{name}, {free >> 20:,} of {total >> 20:,} MiB free")
        return
    driver = _nvidia_driver()
    if not has_nvidia_gpu() and driver is None:
        yield Check("gpu", True, "none: training runs on the CPU")
    elif driver is None:
        yield Check("gpu", False, "THERE IS AN NVIDIA GPU, BUT NO WORKING DRIVER", "install the NVIDIA driver")
    else:
        yield Check(
            "gpu",
            False,
            f"THERE IS AN NVIDIA GPU (driver {driver}), BUT THIS TORCH DOES NOT SEE IT",
            "make setup TORCH=system, or install the torch build for this driver (pytorch.org)",
        )


def _nvidia_driver() -> str | None:
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    command = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return clean(done.stdout.strip().splitlines()[0]) if done.stdout.strip() else None


def runs_check(folder: Path, name: str = "runs") -> Check:
    """Whether runs can be kept in a folder."""
    try:
        folder.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return Check(name, True, f"{clean(folder)}: not there yet, made with the first run")
    except OSError as error:
        return Check(name, False, f"{clean(folder)}: {error.strerror}", "--runs DIR or CNNLAB_RUNS, or its permissions")
    if not folder.is_dir():
        return Check(name, False, f"{clean(folder)} is not a folder", "--runs DIR or CNNLAB_RUNS")
    if not os.access(folder, os.R_OK | os.X_OK):
        return Check(name, False, f"{clean(folder)} cannot be read", "--runs DIR or CNNLAB_RUNS, or its permissions")
    if not os.access(folder, os.W_OK):
        return Check(name, False, f"{clean(folder)} is read-only", "--runs DIR or CNNLAB_RUNS, or its permissions")
    return _who_else(name, folder)


def _who_else(name: str, folder: Path) -> Check:
    """Whether others may write there, and whether locks reach all that do."""
    place = clean(folder.resolve())
    if folder.stat().st_mode & 0o022:
        detail = f"{place} may be written by others, who can remove or replace its runs"
        return Check(name, False, detail, f"chmod go-w {place}")
    words = "on a network file system: whether a run of another host lives is told by its heartbeat, after a minute"
    return Check(name, True, place if is_trusted(folder) else f"{place}, {words}")


def _disk(folder: Path) -> Check:
    place = folder.absolute()
    while not os.path.exists(place):  # noqa: PTH110 - False also where there is no permission to look
        place = place.parent
    free = shutil.disk_usage(place).free
    return Check("disk", free >= _FREE_BYTES, f"{free >> 20:,} MiB free", "cnnlab prune --trash --checkpoints")


def _data_sets(data_dir: Path | None) -> Iterator[Check]:
    from engine.data import list_datasets

    try:
        listings = list_datasets(data_dir)
    except OSError as error:
        yield Check("data", False, f"{clean(error.filename)}: {error.strerror}", "--data-dir DIR, or its permissions")
        return
    for listing in listings:
        if listing.found is not None:
            yield Check(f"data {listing.name}", True, f"found: {clean(listing.found)}")
        elif listing.name == "folder":
            yield Check("data folder", True, "your own images: --dataset folder --data-dir DIR")
        else:
            yield Check(f"data {listing.name}", True, f"not here; cnnlab data fetch {listing.name}, or --data-dir DIR")


def _runs(runs_dir: Path) -> Iterator[Check]:
    from engine.store import RunStore

    try:
        runs = RunStore(runs_dir).runs()
    except LabError:
        return  # said of the folder itself
    if not runs:
        return
    damaged = [run for run in runs if run.damage]
    yield Check(
        "run folders", not damaged, f"{counted(len(runs), 'run')}, {len(damaged)} damaged", "see each line below"
    )
    for run in damaged:
        yield Check(f"run {clean(run.id)}", False, clean(run.damage), _remedy(run))
    interrupted = [run for run in runs if run.state == "interrupted"]
    if interrupted:
        names = ", ".join(clean(run.id) for run in interrupted[:3])
        yield Check("interrupted runs", True, f"{len(interrupted)}: {names}; cnnlab resume RUN goes on")


def _remedy(run: Run) -> str:
    from engine.repair import plan_repair

    try:
        repair = plan_repair(run)
    except DataError as error:
        return f"cannot be mended: {error.message}; its other files are as they were; or: cnnlab rm {run.id}"
    return f"cnnlab doctor --repair: settings from {repair.source}, {repair.outcome}"


def logout_check(root: Path = Path("/")) -> Check:
    """Whether systemd would kill a training when its user logs out."""
    kills = False
    for file in (root / "etc/systemd/logind.conf", *sorted((root / "etc/systemd/logind.conf.d").glob("*.conf"))):
        try:
            lines = file.read_text(errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            key, _, value = line.partition("=")
            if key.strip() == "KillUserProcesses":
                kills = value.strip().lower() in ("yes", "true", "1", "on")
    if not kills:
        return Check("logout", True, "background training outlives the session")
    if (root / "var/lib/systemd/linger" / getpass.getuser()).exists():
        return Check("logout", True, "systemd kills at logout, but this user lingers: background training goes on")
    return Check(
        "logout",
        False,
        "systemd kills background training when you log out (KillUserProcesses=yes)",
        "loginctl enable-linger; or start a worker with: systemd-run --user --scope cnnlab worker --idle 0",
    )


def _terminal() -> Check:
    encoding = (sys.stdout.encoding or "").lower()
    unicode = encoding.replace("-", "") == "utf8"
    detail = f"TERM={clean(os.environ.get('TERM', ''))}, {encoding or 'no encoding'}"
    return Check("terminal", True, detail + ("" if unicode else ": drawings fall back to ASCII"))
