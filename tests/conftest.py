"""What all tests share: a cache of their own, small experiments, and where the real data are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.experiment import Experiment
from engine.store import Run, RunStore

REAL_DATA = Path(os.environ.get("CNNLAB_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the golden pictures of the screens anew")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the user's cache, data or runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("share")))
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        for name in ("CNNLAB_DATA", "CNNLAB_RUNS", "COLUMNS", "LINES", "NO_COLOR", "SSH_CONNECTION"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def real_data() -> Path:
    if not (REAL_DATA / "cifar-100-python" / "train").is_file():
        pytest.skip("CIFAR-100 is not here; CNNLAB_TEST_DATA names the folder that holds cifar-100-python")
    return REAL_DATA


@pytest.fixture
def memory_folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder in memory where there is one: thousands of fsyncs cost minutes on some disks."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


SettingsMaker = Callable[..., Experiment]


@pytest.fixture
def tiny() -> SettingsMaker:
    """An experiment of a tenth of a second: two digits of 16 pixels, four filters; keywords are settings."""

    def make(**changes: Any) -> Experiment:
        experiment = Experiment.build(
            {
                "dataset": {"name": "digits", "classes": ["0", "1"], "image_size": 16},
                "model": {"hidden_size": 4},
                "training": {"epochs": 3, "batch_size": 64, "lr": 0.1, "threads": 1},
            }
        )
        for key, value in changes.items():
            section = next(name for name in ("training", "model", "dataset") if hasattr(getattr(experiment, name), key))
            experiment = experiment.replace(f"{section}.{key}", value)
        return experiment

    return make


@pytest.fixture
def trained(store: RunStore, tiny: SettingsMaker) -> Run:
    """A finished run of the tiny experiment."""
    from engine import train

    for _ in train(tiny(), store=store, device="cpu"):
        pass
    return store.runs()[0]
