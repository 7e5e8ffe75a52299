"""An ONNX file opened with care, and scored by onnxruntime. No torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError
from engine.onnx_bounds import UnboundedError, images_at_once
from engine.onnx_graph import INPUT, OUTPUT
from engine.store.files import read_file
from engine.text import clean

_MAX_BYTES = 2 << 30
_LARGEST_SIDE = 2048


class OnnxModel:
    """A network in an ONNX file of ours.

    Args:
        data: the file's bytes.
        place: what to call it in messages.

    Raises:
        DataError: if it is no ONNX file, or one that would reach for other files or foreign code.
    """

    def __init__(self, data: bytes, place: str) -> None:
        import onnx
        from onnxruntime import InferenceSession, SessionOptions

        self.place = clean(place)
        self.sha256 = hashlib.sha256(data).hexdigest()
        try:
            model = onnx.load_model_from_string(data)
            self._refuse_dangers(model)
            onnx.checker.check_model(model)
            self._images_at_once = images_at_once(model)
            options = SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            options.log_severity_level = 4
            self._session = InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except DataError:
            raise
        except UnboundedError as error:
            raise DataError(f"{self.place}: refused, {clean(error)}") from error
        except Exception as error:  # protobuf, onnx and onnxruntime each have exceptions of their own
            raise DataError(f"{self.place}: not an ONNX model that can be used ({_first_line(error)})") from error
        self.metadata = {item.key: item.value for item in model.metadata_props}
        self.image_shape = self._image_shape()
        self.classes = self._classes()

    @classmethod
    def load(cls, path: Path) -> OnnxModel:
        """Open a file.

        Raises:
            DataError: if it is missing, too large, or as the constructor says.
        """
        try:
            return cls(read_file(path, max_bytes=_MAX_BYTES), str(path))
        except FileNotFoundError as error:
            raise DataError(f"{clean(path)}: there is no such file") from error

    def logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """`uint8 [N, H, W, C] -> float32 [N, K]`.

        Raises:
            DataError: if the images are not as large as the network's input, or the network cannot be run.
        """
        if images.shape[1:] != self.image_shape:
            sizes = "x".join(map(str, self.image_shape)), "x".join(map(str, images.shape[1:]))
            raise DataError(f"{self.place}: takes images of {sizes[0]}, these are {sizes[1]}")
        at_once = self._images_at_once
        parts = [self._run(images[start : start + at_once]) for start in range(0, len(images), at_once)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes)), dtype=np.float32)

    def _run(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        try:
            logits = self._session.run([OUTPUT], {INPUT: np.ascontiguousarray(images)})[0]
        except Exception as error:  # onnxruntime's exceptions are its own
            raise DataError(f"{self.place}: cannot be run ({_first_line(error)})") from error
        expected = (len(images), len(self.classes))
        if logits.shape != expected or logits.dtype != np.float32:
            raise DataError(f"{self.place}: gives {logits.dtype} {list(logits.shape)}, not float32 {list(expected)}")
        if not np.isfinite(logits).all():
            raise DataError(f"{self.place}: gives logits that are not finite")
        return np.asarray(logits)

    def _refuse_dangers(self, model: Any) -> None:
        """Refuse weights in other files, and operators that are not plain ONNX."""
        from onnx import TensorProto

        for tensor in _tensors(model.graph):
            if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
                raise DataError(f"{self.place}: refused, it keeps weights in another file (external data)")
        foreign = {node.domain for node in model.graph.node if node.domain not in ("", "ai.onnx")}
        if foreign or model.functions:
            raise DataError(f"{self.place}: refused, it holds operators that are not plain ONNX")
        attributes = [attribute for node in model.graph.node for attribute in node.attribute]
        if any(attribute.HasField("g") or attribute.graphs for attribute in attributes):
            raise DataError(f"{self.place}: refused, it holds loops or branches, which no network of ours has")

    def _image_shape(self) -> tuple[int, int, int]:
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        fits = (
            [entry.name for entry in inputs] == [INPUT]
            and [entry.name for entry in outputs] == [OUTPUT]
            and inputs[0].type == "tensor(uint8)"
            and len(inputs[0].shape) == 4
            and all(isinstance(size, int) and 1 <= size <= _LARGEST_SIDE for size in inputs[0].shape[1:])
            and outputs[0].type == "tensor(float)"
            and len(outputs[0].shape) == 2
        )
        if not fits:
            expected = f"'{INPUT}' uint8 [N, H, W, C] and give '{OUTPUT}' float32 [N, K]"
            raise DataError(f"{self.place}: not one of ours: it must take {expected}")
        height, width, channels = inputs[0].shape[1:]
        return height, width, channels

    def _classes(self) -> tuple[str, ...]:
        try:
            names = json.loads(self.metadata["classes"])
        except (KeyError, ValueError, RecursionError) as error:
            raise DataError(f"{self.place}: its metadata do not name the classes") from error
        if not isinstance(names, list) or len(names) != self._session.get_outputs()[0].shape[1]:
            raise DataError(f"{self.place}: its metadata do not name as many classes as it has logits")
        return tuple(map(str, names))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return clean(lines[0])[:200]


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield sparse.values
        yield sparse.indices
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
