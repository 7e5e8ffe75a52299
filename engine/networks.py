"""The networks that have a name, as lists of plain layers. Every one takes the tactic of `model.pooling`.

From `lab` each is one change from the one before it: batch norm, more layers, a global pool, residual blocks.
`h` is `model.hidden_size`, the filters of the first convolution.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.blocks import Inner, Reduce, Residual
from engine.experiment import ModelSettings
from engine.layers import BatchNorm, Conv, Dropout, Flatten, GlobalMaxPool, Layer, Linear, Relu, Scale

Layers = tuple[Layer, ...]
_LOGIT_SCALE = 0.125  # resnet9: the maximum of a whole channel is large; smaller logits train steadily


def lab_layers(model: ModelSettings, classes: int) -> Layers:
    """The laboratory network. The three tactics share parameters and shapes: only the reduction by four differs."""
    h = model.hidden_size
    first = (Conv(h, kernel=5, stride=4, padding=2), Relu())
    return (*first, *Reduce(2 * h, by=4).layers(model.pooling), Flatten(), *_last(model, classes))


def lab_bn_layers(model: ModelSettings, classes: int) -> Layers:
    """`lab` with batch norm after each convolution."""
    h = model.hidden_size
    first = (Conv(h, kernel=5, stride=4, padding=2, bias=False), BatchNorm(), Relu())
    return (*first, *_reduce(model, 2 * h, by=4), Flatten(), *_last(model, classes))


def lab_deep_layers(model: ModelSettings, classes: int) -> Layers:
    """Four convolutions that look at every pixel: h filters, then three times twice as many on half the side."""
    return (*_deep(model), Flatten(), *_last(model, classes))


def lab_global_layers(model: ModelSettings, classes: int) -> Layers:
    """`lab-deep` whose last layer sees the maximum of each channel, wherever in the image it lies."""
    return (*_deep(model), GlobalMaxPool(), *_last(model, classes))


def resnet9_layers(model: ModelSettings, classes: int) -> Layers:
    """`lab-global` with a residual block of two convolutions after the first and the last reduction.

    Source: D. Page, "How to train your ResNet" 2018-2019 (github.com/davidcpage/cifar10-fast), h = 64; there the
    tactic is max pooling.
    """
    h = model.hidden_size
    return (
        *_convolution(h),
        *_reduce(model, 2 * h),
        _residual(2 * h),
        *_reduce(model, 4 * h),
        *_reduce(model, 8 * h),
        _residual(8 * h),
        GlobalMaxPool(),
        *_last(model, classes),
        Scale(_LOGIT_SCALE),
    )


NETWORKS: dict[str, Callable[[ModelSettings, int], Layers]] = {
    "lab": lab_layers,
    "lab-bn": lab_bn_layers,
    "lab-deep": lab_deep_layers,
    "lab-global": lab_global_layers,
    "resnet9": resnet9_layers,
}


def _deep(model: ModelSettings) -> Layers:
    h = model.hidden_size
    return (*_convolution(h), *(layer for times in (2, 4, 8) for layer in _reduce(model, times * h)))


def _convolution(filters: int) -> tuple[Inner, ...]:
    return Conv(filters, kernel=3, padding=1, bias=False), BatchNorm(), Relu()


def _reduce(model: ModelSettings, filters: int, by: int = 2) -> Layers:
    return Reduce(filters, by=by, batch_norm=True).layers(model.pooling)


def _residual(filters: int) -> Residual:
    return Residual((*_convolution(filters), *_convolution(filters)))


def _last(model: ModelSettings, classes: int) -> Layers:
    dropout: Layers = (Dropout(model.dropout),) if model.dropout else ()
    return (*dropout, Linear(classes))
