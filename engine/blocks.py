"""Blocks of layers: the residual block, and the reduction by which the three pooling tactics differ."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from engine.layers import (
    AvgPool,
    BatchNorm,
    Conv,
    Dropout,
    Filters,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    Layer,
    Linear,
    MaxPool,
    Relu,
    Scale,
    Shape,
    ShapeError,
    Size,
    kind,
)
from engine.setting_types import Flag, as_layers

_CONFIG = ConfigDict(extra="forbid")
_BY_TYPE = Field(discriminator="type")

Inner = Annotated[Conv | BatchNorm | Relu | Dropout | Scale | MaxPool | AvgPool, _BY_TYPE]


def through(layers: tuple[Layer, ...], shape: Shape) -> Shape:
    """The shape behind layers that follow one another.

    Raises:
        ShapeError: with `key` naming the layer among them, `[2].kernel`.
    """
    for number, layer in enumerate(layers):
        try:
            shape = layer.output_shape(shape)
        except ShapeError as error:
            raise ShapeError(str(error), f"[{number}]" + (f".{error.key}" if error.key else "")) from error
    return shape


@dataclass(frozen=True, config=_CONFIG)
class Residual:
    """The sum of what its layers make of an image and of the image itself, or of what `shortcut` makes of it.

    Source: He et al. 2016; without an activation of its own, which may follow as a layer.
    """

    layers: Annotated[tuple[Inner, ...], as_layers]
    shortcut: Annotated[tuple[Inner, ...], as_layers] = ()
    type: Literal["residual"] = kind("residual")

    @property
    def title(self) -> str:
        return "residual sum"

    @property
    def branches(self) -> tuple[tuple[str, tuple[Layer, ...]], ...]:
        """Names and layers of what is summed."""
        return ("layers", self.layers), ("shortcut", self.shortcut)

    def output_shape(self, shape: Shape) -> Shape:
        found: list[Shape] = []
        for name, layers in self.branches:
            try:
                found.append(through(layers, shape))
            except ShapeError as error:
                raise ShapeError(str(error), f"{name}{error.key}") from error
        if found[0] != found[1]:
            message = f"cannot add [C, H, W] {list(found[0])} to {list(found[1])}: both branches need one shape"
            raise ShapeError(message, "shortcut")
        return found[0]

    def parameters(self, shape: Shape) -> int:
        """Of the sum itself; those of its layers are told layer by layer."""
        return 0

    def multiply_adds(self, shape: Shape) -> int:
        """Of the sum itself, which is not counted."""
        return 0


@dataclass(frozen=True, config=_CONFIG)
class Reduce:
    """A convolution that reduces the image, by the tactic that `model.pooling` names.

    The tactics have the same parameters and output shape: `stride`: the convolution moves by `by`, nothing
    follows; `max`, `avg`: a pool of `by` follows.
    """

    filters: Filters
    kernel: Size = 3
    by: Annotated[Size, Field(ge=2, le=8)] = 2
    batch_norm: Flag = False
    type: Literal["reduce"] = kind("reduce")

    def layers(self, pooling: str) -> tuple[Layer, ...]:
        """The layers of one tactic: convolution, batch norm, ReLU, pool."""
        stride = self.by if pooling == "stride" else 1
        conv = Conv(self.filters, self.kernel, stride, self.kernel // 2, bias=not self.batch_norm)
        norm: tuple[Layer, ...] = (BatchNorm(),) if self.batch_norm else ()
        pool: dict[str, tuple[Layer, ...]] = {"max": (MaxPool(self.by),), "avg": (AvgPool(self.by),)}
        return (conv, *norm, Relu(), *pool.get(pooling, ()))


AnyLayer = Annotated[
    Conv
    | BatchNorm
    | Relu
    | Dropout
    | Scale
    | MaxPool
    | AvgPool
    | GlobalMaxPool
    | GlobalAvgPool
    | Flatten
    | Linear
    | Residual
    | Reduce,
    _BY_TYPE,
]

# Type of a layer -> its class, for messages and for forms that offer them.
LAYER_TYPES: dict[str, Any] = {
    layer.__dataclass_fields__["type"].default: layer
    for layer in (
        *(Conv, BatchNorm, Relu, Dropout, Scale, MaxPool, AvgPool),
        *(GlobalMaxPool, GlobalAvgPool, Flatten, Linear, Residual, Reduce),
    )
}
