"""The keys of every file of a finished run, held against a golden file: a key may be added, none is renamed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine import export_onnx
from engine.store import Run, layout
from engine.store.arrays import decode_arrays

GOLDEN = Path(__file__).parents[2] / "golden" / "run-format-1.json"


def shape_of(value: Any) -> Any:
    """A document without its values: keys and types."""
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape_of(value[0])] if value else []
    return "null" if value is None else type(value).__name__


def test_the_files_of_a_run_have_the_keys_of_the_format(trained: Run) -> None:
    export_onnx(trained)
    files: dict[str, Any] = {}
    for name in (layout.RUN, layout.REPORT, layout.EXPORT):
        files[name] = shape_of(json.loads((trained.path / name).read_text()))
    files[layout.HISTORY] = shape_of(trained.history().records[0])
    for name in (layout.PREDICTIONS, layout.BEST, layout.LAST):
        arrays, scalars = decode_arrays((trained.path / name).read_bytes())
        files[name] = {key: f"{array.dtype} {list(array.shape)}" for key, array in sorted(arrays.items())}
        files[f"{name} scalars"] = shape_of(scalars)
    assert files[f"{layout.LAST} scalars"].pop("experiment") == files[layout.RUN]["experiment"]
    files[layout.RUN]["environment"].pop("commit")  # null outside a checkout
    assert files == json.loads(GOLDEN.read_text())
