"""Networks as plain data: a list of layers, from which everything else follows.

The torch module (`engine.network`), the ONNX graph (`engine.onnx_graph`), the summary and the checks of the
settings all follow from the same list. Shapes here are those of one image: `(C, H, W)`, or `(F,)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.blocks import Reduce, Residual
from engine.errors import Problem, SettingsError
from engine.experiment import ModelSettings
from engine.layers import Layer, Linear, Scale, Shape, ShapeError
from engine.networks import NETWORKS


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

    Args:
        fields: the setting that each layer comes from, `model.layers[3]`; empty for a network that has a name.
        test_flips: in eval mode an image and its mirror image are scored, and their logits averaged.

    Raises:
        SettingsError: when made, if a layer cannot take what the one before it gives.
    """

    input_shape: tuple[int, int, int]
    layers: tuple[Layer, ...]
    fields: tuple[str, ...] = ()
    test_flips: bool = False

    def __post_init__(self) -> None:
        shape: Shape = self.input_shape
        for number, layer in enumerate(self.layers):
            try:
                shape = layer.output_shape(shape)
            except ShapeError as error:
                raise SettingsError([self._problem(number, layer, shape, error)]) from error

    def _problem(self, number: int, layer: Layer, shape: Shape, error: ShapeError) -> Problem:
        if self.fields:
            field = self.fields[number] + (f".{error.key}" if error.key else "")
            return Problem(field, f"{layer.title}, given {'x'.join(map(str, shape))}: {error}")
        channels, height, width = self.input_shape
        message = (
            f"images of {height}x{width}x{channels} are too small for this network: layer {number + 1}, "
            f"{layer.title}, {error}; use larger images (dataset.image_size)"
        )
        return Problem("model.name", message)

    def summary(self) -> list[LayerSummary]:
        """Every layer with its output shape, parameters and multiply-adds for one image.

        The layers of a residual block come before the row of its sum, which has neither.
        """
        return list(_rows(self.layers, self.input_shape, ""))

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


def _rows(layers: tuple[Layer, ...], shape: Shape, prefix: str) -> Iterator[LayerSummary]:
    for number, layer in enumerate(layers, 1):
        name = f"{prefix}{number}"
        if isinstance(layer, Residual):
            for mark, (_, branch) in zip(("", "s"), layer.branches, strict=True):
                yield from _rows(branch, shape, f"{name}.{mark}")
        output = layer.output_shape(shape)
        costs = layer.parameters(shape), layer.multiply_adds(shape)
        yield LayerSummary(f"{name} {layer.title}", type(layer).__name__, output, *costs)
        shape = output


def build_architecture(
    model: ModelSettings, image_shape: tuple[int, int, int], classes: int, *, test_flips: bool = False
) -> Architecture:
    """The network that the settings describe.

    Args:
        image_shape: `(H, W, C)` of one image, as data sets give it.
        classes: K, the number of logits.
        test_flips: the setting `training.test_flips`.

    Raises:
        SettingsError: naming the layer that the image is too small for, or that does not fit its neighbour.
    """
    height, width, channels = image_shape
    layers, fields = (
        _own_layers(model, classes) if model.name == "custom" else (NETWORKS[model.name](model, classes), ())
    )
    architecture = Architecture((channels, height, width), layers, fields, test_flips)
    last = layers[-1]
    if not isinstance(last, Linear | Scale) or architecture.summary()[-1].output_shape != (classes,):
        message = (
            f"{last.title}: the network must end in a linear layer with an output for each of the {classes} classes"
        )
        raise SettingsError([Problem(fields[-1], f"{message}; leave its outputs out")])
    return architecture


def _own_layers(model: ModelSettings, classes: int) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """The layers of `model.layers`, reductions spelt out by the tactic, each with the setting it comes from."""
    layers: list[Layer] = []
    fields: list[str] = []
    parts: tuple[Layer, ...]
    for number, entry in enumerate(model.layers):
        field = f"model.layers[{number}]"
        if isinstance(entry, Reduce):
            parts = entry.layers(model.pooling)
        elif isinstance(entry, Linear) and not entry.outputs:
            parts = (replace(entry, outputs=classes),)
        else:
            parts = (entry,)
        layers += parts
        fields += [field] * len(parts)
    return tuple(layers), tuple(fields)
