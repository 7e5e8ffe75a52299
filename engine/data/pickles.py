"""Pickles of the CIFAR archives, read by an unpickler that knows arrays and builtins, and nothing else."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.errors import DataError
from engine.text import clean


def _encode(text: object, encoding: object = "utf-8") -> bytes:
    """`_codecs.encode` as Python 2 strings need it: latin-1 and nothing else."""
    if not isinstance(text, str) or encoding != "latin1":
        raise pickle.UnpicklingError("an encoding that these files do not use")
    return text.encode("latin1")


def _empty_array(kind: object, shape: object, code: object) -> np.ndarray[Any, Any]:
    """`numpy.core.multiarray._reconstruct`, for arrays alone; their data come afterwards."""
    if kind is not np.ndarray:
        raise pickle.UnpicklingError("an array of a foreign type")
    return np.ndarray((0,), dtype=np.uint8)


# All that the official files refer to.
_KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _empty_array,
    ("numpy._core.multiarray", "_reconstruct"): _empty_array,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _encode,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it refers to {module}.{name}") from None


def parse_pickle(data: bytes, file: str) -> dict[str, Any]:
    """The dictionary in a pickle, its keys as text. Nothing in it is executed.

    Raises:
        DataError: naming `file` and what else it holds.
    """
    try:
        document = _Unpickler(io.BytesIO(data), encoding="bytes").load()
    except pickle.UnpicklingError as error:
        raise DataError(f"{file}: refused, {clean(error)}; fetch the official file") from error
    except Exception as error:
        raise DataError(f"{file}: damaged ({type(error).__name__}); fetch it again") from error
    if not isinstance(document, dict):
        raise DataError(f"{file}: holds no dictionary; fetch the official file")
    return {_text(key): value for key, value in document.items()}


def _text(key: object) -> str:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
