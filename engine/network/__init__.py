"""The networks of `engine.architecture` as torch modules."""

from engine.network.build import ImageNetwork, build_network
from engine.network.modules import GlobalMaxPool2d, Normalize

__all__ = ["GlobalMaxPool2d", "ImageNetwork", "Normalize", "build_network"]
