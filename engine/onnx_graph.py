"""The network as an ONNX graph, written node by node from its plain layers.

No exporter: torch's patches torch while it runs, needs seconds, and leaves local paths in the file. The layers are
plain data here, so their ONNX nodes follow from them as their torch modules do.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import architecture as plain
from engine.version import __version__

OPSET, IR_VERSION = 17, 8  # old enough for every onnxruntime that is in use
INPUT, OUTPUT = "image", "logits"

Weights = Mapping[str, NDArray[Any]]


def build_graph(
    architecture: plain.Architecture,
    image_shape: tuple[int, int, int],
    weights: Weights,
    metadata: Mapping[str, str],
) -> bytes:
    """The whole network as one ONNX file: `image` uint8 `[N, H, W, C]` in, `logits` float32 `[N, K]` out.

    Args:
        image_shape: `(H, W, C)`.
        weights: as `best.safetensors` holds them: `normalize.mean`, `layers.0.weight`, …
        metadata: what readers of the file may want to know.
    """
    from onnx import TensorProto, checker, helper, numpy_helper

    nodes = [
        helper.make_node("Cast", [INPUT], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["float", "scale"], ["scaled"]),
        helper.make_node("Sub", ["scaled", "normalize.mean"], ["centred"]),
        helper.make_node("Div", ["centred", "normalize.std"], ["normalised"]),
        helper.make_node("Transpose", ["normalised"], ["channels_first"], perm=[0, 3, 1, 2]),
    ]
    value = "channels_first"
    last = len(architecture.layers) - 1
    for number, layer in enumerate(architecture.layers):
        output = OUTPUT if number == last else f"layer.{number}"
        nodes.append(_node(layer, value, output, f"layers.{number}"))
        value = output
    arrays = {"scale": np.array(255, dtype=np.float32), **weights}
    used = {name for node in nodes for name in node.input}
    height, width, channels = image_shape
    graph = helper.make_graph(
        nodes,
        "cnnlab",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["N", height, width, channels])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", architecture.classes])],
        [numpy_helper.from_array(np.asarray(arrays[name]), name) for name in sorted(used & arrays.keys())],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="cnnlab",
        producer_version=__version__,
    )
    helper.set_model_props(model, dict(metadata))
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


@singledispatch
def _node(layer: plain.Layer, value: str, output: str, name: str) -> Any:
    raise TypeError(f"no ONNX node is known for the layer {layer!r}")


def _make(kind: str, inputs: list[str], output: str, **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(kind, inputs, [output], name=output, **attributes)


@_node.register
def _(layer: plain.Conv, value: str, output: str, name: str) -> Any:
    inputs = [value, f"{name}.weight", f"{name}.bias"]
    kernel, strides, pads = [layer.kernel] * 2, [layer.stride] * 2, [layer.padding] * 4
    return _make("Conv", inputs, output, kernel_shape=kernel, strides=strides, pads=pads)


@_node.register
def _(layer: plain.Relu, value: str, output: str, name: str) -> Any:
    return _make("Relu", [value], output)


@_node.register
def _(layer: plain.MaxPool, value: str, output: str, name: str) -> Any:
    return _make("MaxPool", [value], output, kernel_shape=[layer.size] * 2, strides=[layer.size] * 2)


@_node.register
def _(layer: plain.AvgPool, value: str, output: str, name: str) -> Any:
    return _make("AveragePool", [value], output, kernel_shape=[layer.size] * 2, strides=[layer.size] * 2)


@_node.register
def _(layer: plain.GlobalMaxPool, value: str, output: str, name: str) -> Any:
    return _make("ReduceMax", [value], output, axes=[2, 3], keepdims=0)


@_node.register
def _(layer: plain.Flatten, value: str, output: str, name: str) -> Any:
    return _make("Flatten", [value], output, axis=1)


@_node.register
def _(layer: plain.Linear, value: str, output: str, name: str) -> Any:
    return _make("Gemm", [value, f"{name}.weight", f"{name}.bias"], output, transB=1)
