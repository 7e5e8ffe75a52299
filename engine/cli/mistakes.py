"""The images that a run was wrong about, drawn in the terminal with what was said of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError, RequestError, suggestion
from engine.format import percent
from engine.layout import GAP, fit
from engine.text import clean

if TYPE_CHECKING:
    from engine.data.dataset import LazySplit
    from engine.report.confusion import Pair
    from engine.report.images import Said
    from engine.store import Run


def find_mistakes(
    run: Run, reference: Run | None, document: dict[str, Any], true: str | None, said: str | None
) -> tuple[list[Said], NDArray[np.int64]]:
    """The mistakes of a run, the surest first, with what a reference said of the same images; and all labels.

    Raises:
        DataError: if the predictions are not kept, or damaged.
    """
    from engine.report.images import Predictions

    classes, split = tuple(document["classes"]), document["split"]
    found = Predictions.of(run, split, classes)
    if found is None:
        raise DataError(f"{clean(run.name)}: predictions.safetensors is missing or damaged")
    other = None if reference is None else Predictions.of(reference, split, classes)
    return found.images_of(true, said, other), found.labels


def check_class(option: str, name: str | None, classes: Sequence[str]) -> None:
    """A class of the report, if one was named.

    Raises:
        RequestError: naming the nearest.
    """
    if name is not None and name not in classes:
        near = suggestion(name, classes)
        raise RequestError(f"{option}: {clean(name)!r} is not a class of this report{clean(near)}", field=option)


def mistake_row(said: Said) -> dict[str, Any]:
    """One mistake as `cnnlab report --wrong --json` lists it."""
    row = {"image": said.index, "true": said.true, "said": said.said, "confidence": said.confidence}
    return row if said.reference is None else {**row, "reference": said.reference}


def pair_row(pair: Pair) -> dict[str, Any]:
    """One pair of classes that are taken for each other, as `cnnlab report --json` lists it."""
    row = {"true": pair.true, "said": pair.said, "images": pair.count}
    return {**row, "of": pair.images, "share": pair.share, "reverse": pair.reverse}


def print_mistakes(run: Run, split: str, labels: NDArray[np.int64], mistakes: Sequence[Said], count: int) -> None:
    """Draw the first mistakes, and say how many there are."""
    from engine.cli.output import console, print_line
    from engine.report.images import open_images

    shown, out = mistakes[:count], console()
    print_line()
    print_line(
        f"{len(shown)} of {len(mistakes)} wrong images, the surest first (image: class, what was said, how surely)"
    )
    if not shown:
        return
    images = open_images(run.document, split, labels)
    has_colour = out.color_system is not None and not out.no_color
    for line in draw_mistakes(shown, images, out.width, colour=has_colour):
        print_line(line)


def draw_mistakes(mistakes: Sequence[Said], images: LazySplit, width: int, *, colour: bool) -> Iterator[str]:
    """Lines that show mistakes side by side, as many as fit, each under what it is and what it was taken for."""
    from engine.cli.pictures import draw_row

    if not mistakes:
        return
    side = images.take(np.array([mistakes[0].index])).shape[2]
    fitting = max(1, (width + len(GAP)) // (side + len(GAP)))
    for start in range(0, len(mistakes), fitting):
        shown = mistakes[start : start + fitting]
        yield ""
        for caption in zip(*map(_caption, shown), strict=True):
            yield GAP.join(fit(text, side) for text in caption).rstrip()
        pixels = images.take(np.array([said.index for said in shown]))
        yield from draw_row(pixels, width, colour=colour)


def _caption(said: Said) -> tuple[str, str]:
    sure = "" if said.confidence is None else f" {percent(said.confidence, 0)} %"
    other = "" if said.reference is None else f", reference: {clean(said.reference)}"
    return f"{said.index}: {clean(said.true)}", f"said {clean(said.said)}{sure}{other}"
