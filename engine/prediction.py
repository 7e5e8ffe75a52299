"""Classes of a user's own pictures, by an exported model and onnxruntime; torch is not needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.pictures import PictureError, load_picture
from engine.errors import DataError, RequestError
from engine.onnx_model import OnnxModel
from engine.store import Run, layout
from engine.text import clean


def predict(model: Run | Path, pictures: Sequence[Path], *, top: int = 5) -> dict[str, Any]:
    """Classify pictures.

    Args:
        model: an exported run, or an ONNX file.
        pictures: image files; turned upright, made RGB and resized to the network's input.
        top: most probable classes listed for each, at least one.

    Returns:
        The document of `cnnlab predict --json`.

    Raises:
        RequestError: if the run has not been exported.
        DataError: naming every picture that is missing or broken, before anything is classified.
    """
    if isinstance(model, Run):
        path = model.path / layout.MODEL
        if not path.exists():
            hint = f"export it first: cnnlab export {model.id}"
            raise RequestError(f"{clean(model.name)} has no {layout.MODEL}; {hint}", field="run")
        network = OnnxModel.load(path)
        certified = (model.export() or {}).get("sha256")
        if network.sha256 != certified:
            raise DataError(f"{clean(path)}: altered since its export; export it again: cnnlab export {model.id}")
    else:
        network = OnnxModel.load(model)
    probabilities = _softmax(network.logits(_load(pictures, network.image_shape)))
    rows = []
    for picture, row in zip(pictures, probabilities, strict=True):
        order = np.argsort(-row, kind="stable")[: max(1, top)]
        ranked = [{"class": network.classes[k], "probability": float(row[k])} for k in order]
        rows.append({"file": str(picture), **ranked[0], "top": ranked})
    return {"run": network.metadata.get("run"), "predictions": rows}


def _load(pictures: Sequence[Path], image_shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    height, width, _ = image_shape
    images, problems = [], []
    for picture in pictures:
        try:
            images.append(load_picture(picture, height, width))
        except PictureError as error:
            problems.append(str(error))
    if problems:
        raise DataError("\n".join(problems))
    return np.stack(images)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
    normalised: NDArray[np.float64] = shifted / shifted.sum(1, keepdims=True)
    return normalised
