"""`digits`: scikit-learn's 1,797 handwritten digits, embedded, so that everything works offline at once."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np

from engine.data.cache import cached, source_key
from engine.data.dataset import Split
from engine.data.source import Decoded
from engine.data.splits import stratified

_TEST_FRACTION, _TEST_SEED = 0.2, 0  # fixed for ever: every run has the same test digits


class Digits:
    """8×8 grey digits 0 … 16, enlarged to `image_size` and to three equal channels."""

    name = "digits"
    description = "1,797 handwritten digits, embedded"

    def class_names(self, data_dir: Path | None) -> tuple[str, ...]:
        return tuple("0123456789")

    def superclasses(self) -> dict[str, tuple[str, ...]]:
        return {"even": tuple("02468"), "odd": tuple("13579")}

    def find(self, data_dir: Path | None) -> str:
        return "embedded in scikit-learn"

    def decode(self, data_dir: Path | None, image_size: int, skip_broken: bool) -> Decoded:
        key = source_key([], self.name, image_size, metadata.version("scikit-learn"))
        return cached(key, lambda: _decode(image_size))


def _decode(image_size: int) -> Decoded:
    from PIL import Image
    from sklearn.datasets import load_digits

    grey, labels = load_digits(return_X_y=True)
    small = np.rint(grey.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    size = (image_size, image_size)
    large = np.stack([np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR)) for image in small])
    images = np.repeat(large[..., None], 3, axis=3)  # [N, H, W] -> [N, H, W, 3]
    labels = labels.astype(np.int64)
    kept, held = stratified(labels, _TEST_FRACTION, _TEST_SEED)
    whole = Split(images, labels)
    return Decoded(tuple("0123456789"), whole.take(kept), whole.take(held))
