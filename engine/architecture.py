"""Networks as plain data: layers that know their output shape, parameters and multiply-adds, without torch.

The torch module (`engine.network`), the ONNX graph (`engine.onnx_graph`), the summary and the checks of the
settings all follow from the same list of layers. Shapes here are those of one image: `(C, H, W)`, or `(F,)`
after `Flatten`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from engine.errors import Problem, SettingsError
from engine.experiment import ModelSettings

Shape = tuple[int, ...]


class ShapeError(ValueError):
    """A layer cannot take the shape it is given."""


class Layer(Protocol):
    """One layer: what it makes of a shape, and what that costs for one image."""

    @property
    def title(self) -> str: ...
    def output_shape(self, shape: Shape) -> Shape: ...
    def parameters(self, shape: Shape) -> int: ...
    def multiply_adds(self, shape: Shape) -> int: ...


class _Free:
    """A layer without parameters whose arithmetic is not counted."""

    def parameters(self, shape: Shape) -> int:
        return 0

    def multiply_adds(self, shape: Shape) -> int:
        return 0


def _image_shape(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ShapeError(f"needs an image [C, H, W], got {list(shape)}")
    return shape[0], shape[1], shape[2]


def _features(shape: Shape) -> int:
    if len(shape) != 1:
        raise ShapeError(f"needs a vector [F], got {list(shape)}")
    return shape[0]


def _windows(size: int, kernel: int, stride: int, padding: int) -> int:
    if size + 2 * padding < kernel:
        raise ShapeError(f"a window of {kernel} does not fit into {size} pixels")
    return (size + 2 * padding - kernel) // stride + 1


@dataclass(frozen=True)
class Conv:
    """Convolution with a square kernel and a bias."""

    filters: int
    kernel: int
    stride: int = 1
    padding: int = 0

    @property
    def title(self) -> str:
        return f"conv {self.kernel}x{self.kernel}" + (f" /{self.stride}" if self.stride > 1 else "")

    def output_shape(self, shape: Shape) -> Shape:
        _, height, width = _image_shape(shape)
        rows = _windows(height, self.kernel, self.stride, self.padding)
        return self.filters, rows, _windows(width, self.kernel, self.stride, self.padding)

    def parameters(self, shape: Shape) -> int:
        return self.filters * (shape[0] * self.kernel**2 + 1)

    def multiply_adds(self, shape: Shape) -> int:
        return math.prod(self.output_shape(shape)) * shape[0] * self.kernel**2


@dataclass(frozen=True)
class Relu(_Free):
    """Rectified linear unit."""

    title = "relu"

    def output_shape(self, shape: Shape) -> Shape:
        return shape


@dataclass(frozen=True)
class _Pool(_Free):
    size: int

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = _image_shape(shape)
        return channels, _windows(height, self.size, self.size, 0), _windows(width, self.size, self.size, 0)


@dataclass(frozen=True)
class MaxPool(_Pool):
    """Maximum over windows of `size` × `size`, side by side."""

    @property
    def title(self) -> str:
        return f"max pool {self.size}"


@dataclass(frozen=True)
class AvgPool(_Pool):
    """Mean over windows of `size` × `size`, side by side."""

    @property
    def title(self) -> str:
        return f"average pool {self.size}"


@dataclass(frozen=True)
class GlobalMaxPool(_Free):
    """Maximum over the whole of each channel: `[C, H, W] -> [C]`."""

    title = "global max pool"

    def output_shape(self, shape: Shape) -> Shape:
        return (_image_shape(shape)[0],)


@dataclass(frozen=True)
class Flatten(_Free):
    """`[C, H, W] -> [C·H·W]`."""

    title = "flatten"

    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)


@dataclass(frozen=True)
class Linear:
    """Fully connected layer with a bias."""

    outputs: int
    title = "linear"

    def output_shape(self, shape: Shape) -> Shape:
        _features(shape)
        return (self.outputs,)

    def parameters(self, shape: Shape) -> int:
        return self.outputs * (_features(shape) + 1)

    def multiply_adds(self, shape: Shape) -> int:
        return self.outputs * _features(shape)


@dataclass(frozen=True)
class LayerSummary:
    """One row of a summary; `output_shape` without the batch dimension."""

    name: str
    type: str
    output_shape: Shape
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Architecture:
    """A network from normalised images `[C, H, W]` to logits `[K]`.

    Raises:
        SettingsError: when made, if a layer cannot take what the one before it gives.
    """

    input_shape: tuple[int, int, int]
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        shape: Shape = self.input_shape
        for number, layer in enumerate(self.layers, 1):
            try:
                shape = layer.output_shape(shape)
            except ShapeError as error:
                channels, height, width = self.input_shape
                message = (
                    f"images of {height}x{width}x{channels} are too small for this network: layer {number}, "
                    f"{layer.title}, {error}; use larger images (dataset.image_size)"
                )
                raise SettingsError([Problem("model.name", message)]) from error

    def summary(self) -> list[LayerSummary]:
        """Every layer with its output shape, parameters and multiply-adds for one image."""
        rows = []
        shape: Shape = self.input_shape
        for number, layer in enumerate(self.layers, 1):
            output = layer.output_shape(shape)
            row = LayerSummary(
                f"{number} {layer.title}",
                type(layer).__name__,
                output,
                layer.parameters(shape),
                layer.multiply_adds(shape),
            )
            rows.append(row)
            shape = output
        return rows

    @property
    def classes(self) -> int:
        """K, the number of logits."""
        return self.summary()[-1].output_shape[0]

    @property
    def parameters(self) -> int:
        """Trained numbers, all layers together."""
        return sum(row.parameters for row in self.summary())

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of the convolutions and linear layers for one image, forward."""
        return sum(row.multiply_adds for row in self.summary())


def lab_layers(model: ModelSettings, classes: int) -> tuple[Layer, ...]:
    """The laboratory network. The three tactics share parameters and shapes: only the reduction by four differs."""
    h = model.hidden_size
    first = (Conv(h, kernel=5, stride=4, padding=2), Relu())
    head = (Flatten(), Linear(classes))
    if model.pooling == "stride":
        return (*first, Conv(2 * h, kernel=3, stride=4, padding=1), Relu(), *head)
    pool = MaxPool(4) if model.pooling == "max" else AvgPool(4)
    return (*first, Conv(2 * h, kernel=3, padding=1), Relu(), pool, *head)


NETWORKS = {"lab": lab_layers}


def build_architecture(model: ModelSettings, image_shape: tuple[int, int, int], classes: int) -> Architecture:
    """The network that the settings describe.

    Args:
        image_shape: `(H, W, C)` of one image, as data sets give it.
        classes: K, the number of logits.

    Raises:
        SettingsError: naming the layer that the image is too small for.
    """
    height, width, channels = image_shape
    return Architecture((channels, height, width), NETWORKS[model.name](model, classes))
