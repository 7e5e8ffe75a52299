"""cnnlab's engine: everything the laboratory does, without a screen. The public names are imported when they are used.

    from engine import Experiment, RunStore, train

Importing this package imports nothing heavy: torch comes with the first training, and with nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.version import __version__

if TYPE_CHECKING:
    from engine.comparison import compare
    from engine.data import load_dataset
    from engine.errors import LabError
    from engine.execution.train import train
    from engine.experiment import Experiment
    from engine.export import export_onnx, verify
    from engine.prediction import predict
    from engine.store import Run, RunStore
    from engine.study import pooling_plan

_HOMES = {
    "Experiment": "engine.experiment",
    "LabError": "engine.errors",
    "Run": "engine.store",
    "RunStore": "engine.store",
    "compare": "engine.comparison",
    "export_onnx": "engine.export",
    "load_dataset": "engine.data",
    "pooling_plan": "engine.study",
    "predict": "engine.prediction",
    "train": "engine.execution.train",
    "verify": "engine.export",
}

__all__ = [
    "Experiment",
    "LabError",
    "Run",
    "RunStore",
    "__version__",
    "compare",
    "export_onnx",
    "load_dataset",
    "pooling_plan",
    "predict",
    "train",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
