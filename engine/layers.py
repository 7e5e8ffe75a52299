"""Layers as plain data: each knows its output shape, parameters and multiply-adds, without torch.

They are what `architecture` puts networks together from, and what a user writes as `model.layers`: a table
each, `{type = "conv", filters = 32, kernel = 3}`. Shapes are those of one image: `(C, H, W)`, or `(F,)` after
`Flatten` and the global pools.
"""

from __future__ import annotations

import math
from dataclasses import field
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from engine.setting_types import Flag, Real, Whole

Shape = tuple[int, ...]
Size = Annotated[Whole, Field(ge=1, le=512)]
Filters = Annotated[Whole, Field(ge=1, le=16384)]
_CONFIG = ConfigDict(extra="forbid")


def kind(name: str) -> Any:
    """The `type` of a layer's table."""
    return field(default=name, kw_only=True)


class ShapeError(ValueError):
    """A layer cannot take the shape it is given; `key` is the setting of the layer that is to blame, if one is."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class Layer(Protocol):
    """One layer: what it makes of a shape, and what that costs for one image."""

    @property
    def title(self) -> str: ...
    def output_shape(self, shape: Shape) -> Shape: ...
    def parameters(self, shape: Shape) -> int: ...
    def multiply_adds(self, shape: Shape) -> int: ...


class _Free:
    """A layer that keeps the shape, has no parameters, and whose arithmetic is not counted."""

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def parameters(self, shape: Shape) -> int:
        return 0

    def multiply_adds(self, shape: Shape) -> int:
        return 0


def image_shape(shape: Shape) -> tuple[int, int, int]:
    """The shape of an image, `(C, H, W)`.

    Raises:
        ShapeError: for a vector.
    """
    if len(shape) != 3:
        raise ShapeError(f"needs an image [C, H, W], got {list(shape)}")
    return shape[0], shape[1], shape[2]


def _windows(size: int, kernel: int, stride: int, padding: int, key: str) -> int:
    if size + 2 * padding < kernel:
        raise ShapeError(f"a window of {kernel} does not fit into {size} pixels", key)
    return (size + 2 * padding - kernel) // stride + 1


@dataclass(frozen=True, config=_CONFIG)
class Conv:
    """Convolution with a square kernel; without a bias where a batch norm follows, which has one."""

    filters: Filters
    kernel: Size
    stride: Size = 1
    padding: Annotated[Whole, Field(ge=0, le=512)] = 0
    bias: Flag = True
    type: Literal["conv"] = kind("conv")

    @property
    def title(self) -> str:
        return f"conv {self.kernel}x{self.kernel}" + (f" /{self.stride}" if self.stride > 1 else "")

    def output_shape(self, shape: Shape) -> Shape:
        _, height, width = image_shape(shape)
        rows, columns = (_windows(size, self.kernel, self.stride, self.padding, "kernel") for size in (height, width))
        return self.filters, rows, columns

    def parameters(self, shape: Shape) -> int:
        return self.filters * (shape[0] * self.kernel**2 + self.bias)

    def multiply_adds(self, shape: Shape) -> int:
        return math.prod(self.output_shape(shape)) * shape[0] * self.kernel**2


@dataclass(frozen=True, config=_CONFIG)
class BatchNorm(_Free):
    """Batch normalisation of each channel; `momentum` is the weight of a new batch in the running statistics."""

    momentum: Annotated[Real, Field(gt=0, le=1)] = 0.1
    type: Literal["batch_norm"] = kind("batch_norm")
    title: ClassVar[str] = "batch norm"

    def output_shape(self, shape: Shape) -> Shape:
        return image_shape(shape)

    def parameters(self, shape: Shape) -> int:
        return 2 * shape[0]


@dataclass(frozen=True, config=_CONFIG)
class Relu(_Free):
    """Rectified linear unit."""

    type: Literal["relu"] = kind("relu")
    title: ClassVar[str] = "relu"


@dataclass(frozen=True, config=_CONFIG)
class Dropout(_Free):
    """Sets a share of the values to zero while training, and scales the others up."""

    rate: Annotated[Real, Field(ge=0, lt=1)]
    type: Literal["dropout"] = kind("dropout")

    @property
    def title(self) -> str:
        return f"dropout {self.rate:g}"


@dataclass(frozen=True, config=_CONFIG)
class Scale(_Free):
    """Multiplies by a constant: small logits to begin with."""

    factor: Annotated[Real, Field(gt=0, le=1e6)]
    type: Literal["scale"] = kind("scale")

    @property
    def title(self) -> str:
        return f"times {self.factor:g}"


@dataclass(frozen=True, config=_CONFIG)
class _Pool(_Free):
    size: Size

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = image_shape(shape)
        rows, columns = (_windows(size, self.size, self.size, 0, "size") for size in (height, width))
        return channels, rows, columns


@dataclass(frozen=True, config=_CONFIG)
class MaxPool(_Pool):
    """Maximum over windows of `size` × `size`, side by side."""

    type: Literal["max_pool"] = kind("max_pool")

    @property
    def title(self) -> str:
        return f"max pool {self.size}"


@dataclass(frozen=True, config=_CONFIG)
class AvgPool(_Pool):
    """Mean over windows of `size` × `size`, side by side."""

    type: Literal["avg_pool"] = kind("avg_pool")

    @property
    def title(self) -> str:
        return f"average pool {self.size}"


@dataclass(frozen=True, config=_CONFIG)
class GlobalMaxPool(_Free):
    """Maximum over the whole of each channel: `[C, H, W] -> [C]`."""

    type: Literal["global_max_pool"] = kind("global_max_pool")
    title: ClassVar[str] = "global max pool"

    def output_shape(self, shape: Shape) -> Shape:
        return (image_shape(shape)[0],)


@dataclass(frozen=True, config=_CONFIG)
class GlobalAvgPool(_Free):
    """Mean over the whole of each channel: `[C, H, W] -> [C]`."""

    type: Literal["global_avg_pool"] = kind("global_avg_pool")
    title: ClassVar[str] = "global average pool"

    def output_shape(self, shape: Shape) -> Shape:
        return (image_shape(shape)[0],)


@dataclass(frozen=True, config=_CONFIG)
class Flatten(_Free):
    """`[C, H, W] -> [C·H·W]`."""

    type: Literal["flatten"] = kind("flatten")
    title: ClassVar[str] = "flatten"

    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)


@dataclass(frozen=True, config=_CONFIG)
class Linear:
    """Fully connected layer with a bias; in a user's list, 0 outputs are as many as there are classes."""

    outputs: Annotated[Whole, Field(ge=0, le=1_000_000)] = 0
    type: Literal["linear"] = kind("linear")
    title: ClassVar[str] = "linear"

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise ShapeError(f"needs a vector [F], got {list(shape)}: put a flatten or a global pool before it")
        return (self.outputs,)

    def parameters(self, shape: Shape) -> int:
        return self.outputs * (shape[0] + 1)

    def multiply_adds(self, shape: Shape) -> int:
        return self.outputs * shape[0]
