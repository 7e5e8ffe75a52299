"""One picture from a file: turned upright, made RGB and resized, with a bound on what it may unpack to."""

from __future__ import annotations

import os
import stat
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.text import clean

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 64_000_000


class PictureError(Exception):
    """A file that is no picture, or a broken one; names the file and what is wrong."""


def load_picture(path: Path, height: int, width: int) -> NDArray[np.uint8]:
    """uint8 `[height, width, 3]`, resized bilinearly with antialiasing.

    Raises:
        PictureError: if there is none, or it cannot be read.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow about odd files: what cannot be read raises
            with _open(path) as file, Image.open(file) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                picture.load()
                upright = ImageOps.exif_transpose(picture)
                if upright.mode == "F" or (upright.mode == "I" and picture.format != "PPM"):
                    words = "32 bits a pixel, of which nobody knows what is white; save it with 8 or 16"
                    raise PictureError(f"{clean(path)}: {words}")
                if upright.mode.startswith("I"):  # 16 bits of grey
                    upright = Image.fromarray((np.asarray(upright) >> 8).clip(0, 255).astype(np.uint8))
                colour = _on_white(upright)
                resized = colour.resize((width, height), Image.Resampling.BILINEAR)
                return np.asarray(resized, dtype=np.uint8)
    except UnidentifiedImageError as error:
        raise PictureError(f"{clean(path)}: not an image") from error
    except Image.DecompressionBombError as error:
        raise PictureError(f"{clean(path)}: more than {MOST_PIXELS:,} pixels; make it smaller") from error
    except PermissionError as error:
        raise PictureError(f"{clean(path)}: no permission to read it") from error
    except FileNotFoundError as error:
        raise PictureError(f"{clean(path)}: there is no such file") from error
    except PictureError:
        raise
    except Exception as error:
        raise PictureError(f"{clean(path)}: a broken image ({clean(error) or type(error).__name__})") from error


def _open(path: Path) -> BinaryIO:
    """The file, if it is a regular one: a pipe would block, and a device may have no end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise PictureError(f"{clean(path)}: not a file")
    return os.fdopen(descriptor, "rb")


def _on_white(picture: Image.Image) -> Image.Image:
    """RGB, what is transparent laid on white."""
    from PIL import Image

    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    return picture.convert("RGB")
