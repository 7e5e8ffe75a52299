"""Arrays and scalars as one safetensors file with a hash over all of it: a flipped bit is seen, not trained on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


class DamagedFileError(Exception):
    """A safetensors file that is not what was written."""


def encode_arrays(arrays: Mapping[str, NDArray[Any]], scalars: Mapping[str, Any]) -> bytes:
    """The file: scalars as JSON in the header under `cnnlab`, beside them the SHA-256 of everything."""
    from safetensors.numpy import save

    header = json.dumps(scalars, sort_keys=True, separators=(",", ":"))
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    return _ordered(save(contiguous, {"cnnlab": header, "sha256": _digest(contiguous, header)}))


def decode_arrays(data: bytes) -> tuple[Arrays, dict[str, Any]]:
    """Arrays, writable, and scalars, as `encode_arrays` took them.

    Raises:
        DamagedFileError: if a bit is not as it was.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = {name: np.array(array) for name, array in load(data).items()}
        length = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + length])["__metadata__"]
        header = metadata["cnnlab"]
        if metadata["sha256"] != _digest(arrays, header):
            raise DamagedFileError("the hash does not match")
        scalars = json.loads(header)
    except (SafetensorError, KeyError, ValueError, OverflowError, TypeError, RecursionError) as error:
        raise DamagedFileError(str(error)) from error
    return arrays, scalars


def _ordered(data: bytes) -> bytes:
    """The same file with its header in order: as the library writes it, equal arrays may give unequal files."""
    length = int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return b"".join((len(header).to_bytes(8, "little"), header, memoryview(data)[8 + length :]))


def _digest(arrays: Mapping[str, NDArray[Any]], header: str) -> str:
    digest = hashlib.sha256(header.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\n{name} {array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
