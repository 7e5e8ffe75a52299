"""Work on the images that no step changes, done once before training."""

from __future__ import annotations

from torch import nn

from engine.training.batches import Batches, RowBatches
from engine.training.convolution import MadePatches, PatchConv2d, may_make_once
from engine.training.patches import numbers_of


def make_once(layers: nn.Sequential, batches: Batches) -> Batches | RowBatches:
    """What `layers` are to be fed with: patches of the images for the first one, made now, where that gains.

    Args:
        layers: arranged; the first is replaced by one that takes what was made.
        batches: a split whose images nobody changes on their way to the network.
    """
    first = layers[0]
    if not isinstance(first, PatchConv2d) or not batches.size:
        return batches
    images = batches.part(slice(0, batches.batch_size))
    patches = numbers_of(first.convolution, images[:1].shape)
    if not may_make_once(patches, images[0].numel(), batches.size, batches.device):
        return batches
    layers[0] = made = MadePatches(first.convolution, images)
    return RowBatches(batches, made.make)
