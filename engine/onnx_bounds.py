"""What a foreign ONNX file would ask of memory, found before it runs: from the shapes that onnx infers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

_MOST_NUMBERS = 1 << 28  # in one value, for one image: 1 GiB of float32
_AT_ONCE_NUMBERS = 1 << 26  # in one value, for a batch
_MOST_IMAGES = 256


class UnboundedError(Exception):
    """A graph whose values have no size, or one too large; the message says so."""


def images_at_once(model: Any) -> int:
    """How many images to score together, so that no value of the graph takes more than 256 MiB; at least one.

    Args:
        model: a checked `onnx.ModelProto` whose input's first dimension is free.

    Raises:
        UnboundedError: if a size cannot be told, or one image alone needs more than 1 GiB.
    """
    from onnx import shape_inference

    inferred = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    known = {value.name: value for value in (*inferred.input, *inferred.value_info, *inferred.output)}
    free = inferred.input[0].type.tensor_type.shape.dim[0].dim_param
    largest = 1
    for name in {name for node in inferred.node for name in node.output if name} | {inferred.input[0].name}:
        if name not in known:
            raise UnboundedError(f"the size of {name!r} cannot be told")
        largest = max(largest, math.prod(_sizes(known[name], free)))
    if largest > _MOST_NUMBERS:
        raise UnboundedError(f"it would need room for {largest:,} numbers for one image")
    return max(1, min(_MOST_IMAGES, _AT_ONCE_NUMBERS // largest))


def _sizes(value: Any, free: str) -> Iterator[int]:
    """The dimensions of a value, the free one as 1."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        raise UnboundedError(f"the size of {value.name!r} cannot be told")
    for dimension in tensor.shape.dim:
        if dimension.HasField("dim_value"):
            yield dimension.dim_value
        elif free and dimension.dim_param == free:
            yield 1
        else:
            raise UnboundedError(f"the size of {value.name!r} cannot be told")
