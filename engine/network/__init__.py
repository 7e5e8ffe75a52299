"""The networks of `engine.architecture` as torch modules."""

from engine.network.build import ImageNetwork, build_network
from engine.network.modules import Dropout, GlobalMaxPool2d, Normalize

__all__ = ["Dropout", "GlobalMaxPool2d", "ImageNetwork", "Normalize", "build_network"]
