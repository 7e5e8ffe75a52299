"""A data set decoded and counted by a process of its own, for one that must stay small and never wait.

Decoding `digits` imports scikit-learn (a second, 100 MB); a CIFAR archive is unpickled. Afterwards the images lie in
the cache, mapped by whoever wants some.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.errors import DataError


def describe_apart(name: str, data_dir: Path | None = None) -> dict[str, Any]:
    """The document of `cnnlab data show NAME --json`.

    Returns:
        `name`, `image_shape`, `classes`; counts are null where the images are not here.

    Raises:
        DataError: for data that are damaged, or a folder that cannot be read.
    """
    place = ["--data-dir", str(data_dir)] if data_dir is not None else []
    source = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", "data", "show", name, "--json", *place],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))},
    )
    try:
        document: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise DataError(f"{name} could not be read: {said[-300:]}", field="dataset.name") from None
    if "error" in document:
        raise DataError(str(document["error"]["message"]), field="dataset.name")
    return document
