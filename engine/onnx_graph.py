"""The network as an ONNX graph, written node by node from its plain layers.

No exporter: torch's patches torch while it runs, needs seconds, and leaves local paths in the file. The layers are
plain data here, so their ONNX nodes follow from them as their torch modules do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import blocks
from engine import layers as plain
from engine.architecture import Architecture
from engine.version import __version__

OPSET, IR_VERSION = 17, 8  # old enough for every onnxruntime that is in use
INPUT, OUTPUT = "image", "logits"

Weights = Mapping[str, NDArray[Any]]


def build_graph(
    architecture: Architecture,
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
    constants = dict[str, NDArray[Any]]()
    if architecture.test_flips:
        nodes += _flipped_and_averaged(architecture.layers, constants)
    else:
        nodes += _chain(architecture.layers, "channels_first", OUTPUT, "layers", constants)
    arrays = {"scale": np.array(255, dtype=np.float32), **constants, **weights}
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


Constants = dict[str, NDArray[Any]]


def _chain(layers: Sequence[plain.Layer], value: str, output: str, path: str, constants: Constants) -> Iterator[Any]:
    """Layers that follow one another, from the tensor `value` to the tensor `output`; weights are named by `path`."""
    from onnx import helper

    kept = [(number, layer) for number, layer in enumerate(layers) if not isinstance(layer, plain.Dropout)]
    if not kept:
        yield helper.make_node("Identity", [value], [output], name=output)
    for position, (number, layer) in enumerate(kept):
        name = f"{path}.{number}"
        into = output if position == len(kept) - 1 else name
        if isinstance(layer, blocks.Residual):
            for branch, members in layer.branches:
                yield from _chain(members, value, f"{name}.{branch}", f"{name}.{branch}", constants)
            yield _make("Add", [f"{name}.{branch}" for branch, _ in layer.branches], into)
        else:
            yield _node(layer, value, into, name, constants)
        value = into


def _flipped_and_averaged(layers: Sequence[plain.Layer], constants: Constants) -> Iterator[Any]:
    """The layers on the images, once more on their mirror images with the same weights, and the mean of both logits.

    Twice, and not on one batch of 2 N: then every value keeps a size that a reader can tell beforehand.
    """
    whole = np.iinfo(np.int64)
    for name, number in (("last", -1), ("beyond_first", whole.min), ("width_axis", 3), ("backwards", -1)):
        constants[name] = np.array([number], dtype=np.int64)
    constants["two"] = np.array(2, dtype=np.float32)
    yield _make("Slice", ["channels_first", "last", "beyond_first", "width_axis", "backwards"], "mirrored")
    as_is = list(_chain(layers, "channels_first", "logits_as_is", "layers", constants))
    yield from as_is
    twins = {output: f"mirrored.{output}" for node in as_is for output in node.output}
    yield from (_twin(node, {**twins, "channels_first": "mirrored"}) for node in as_is)
    yield _make("Add", ["logits_as_is", twins["logits_as_is"]], "logits_sum")
    yield _make("Div", ["logits_sum", "two"], OUTPUT)


def _twin(node: Any, names: Mapping[str, str]) -> Any:
    """The same node on other values; weights keep their names."""
    twin = type(node)()
    twin.CopyFrom(node)
    for kept in (twin.input, twin.output):
        kept[:] = [names.get(name, name) for name in kept]
    twin.name = names.get(node.name, f"mirrored.{node.name}")
    return twin


@singledispatch
def _node(layer: plain.Layer, value: str, output: str, name: str, constants: Constants) -> Any:
    raise TypeError(f"no ONNX node is known for the layer {layer!r}")


def _make(kind: str, inputs: list[str], output: str, **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(kind, inputs, [output], name=output, **attributes)


@_node.register
def _(layer: plain.Conv, value: str, output: str, name: str, constants: Constants) -> Any:
    inputs = [value, f"{name}.weight", *([f"{name}.bias"] if layer.bias else [])]
    kernel, strides, pads = [layer.kernel] * 2, [layer.stride] * 2, [layer.padding] * 4
    return _make("Conv", inputs, output, kernel_shape=kernel, strides=strides, pads=pads)


@_node.register
def _(layer: plain.Relu, value: str, output: str, name: str, constants: Constants) -> Any:
    return _make("Relu", [value], output)


@_node.register
def _(layer: plain.BatchNorm, value: str, output: str, name: str, constants: Constants) -> Any:
    parts = ("weight", "bias", "running_mean", "running_var")
    return _make("BatchNormalization", [value, *(f"{name}.{part}" for part in parts)], output, epsilon=1e-5)


@_node.register
def _(layer: plain.Scale, value: str, output: str, name: str, constants: Constants) -> Any:
    constants[f"{name}.factor"] = np.array(layer.factor, dtype=np.float32)
    return _make("Mul", [value, f"{name}.factor"], output)


@_node.register
def _(layer: plain.GlobalAvgPool, value: str, output: str, name: str, constants: Constants) -> Any:
    return _make("ReduceMean", [value], output, axes=[2, 3], keepdims=0)


@_node.register
def _(layer: plain.MaxPool, value: str, output: str, name: str, constants: Constants) -> Any:
    return _make("MaxPool", [value], output, kernel_shape=[layer.size] * 2, strides=[layer.size] * 2)


@_node.register
def _(layer: plain.AvgPool, value: str, output: str, name: str, constants: Constants) -> Any:
    return _make("AveragePool", [value], output, kernel_shape=[layer.size] * 2, strides=[layer.size] * 2)


@_node.register
def _(layer: plain.GlobalMaxPool, value: str, output: str, name: str, constants: Constants) -> Any:
    return _make("ReduceMax", [value], output, axes=[2, 3], keepdims=0)


@_node.register
def _(layer: plain.Flatten, value: str, output: str, name: str, constants: Constants) -> Any:
    return _make("Flatten", [value], output, axis=1)


@_node.register
def _(layer: plain.Linear, value: str, output: str, name: str, constants: Constants) -> Any:
    return _make("Gemm", [value, f"{name}.weight", f"{name}.bias"], output, transB=1)
