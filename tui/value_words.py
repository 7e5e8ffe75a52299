"""What is read off the curves of a run: values, the best epoch, and how far they can be trusted."""

from __future__ import annotations

import math
from typing import NamedTuple

from engine.format import percent
from engine.proportion import wilson
from engine.store.columns import Columns
from engine.text import clean
from tui.cells import Row
from tui.chart.state import ACCURACY, LOSS, Looking
from tui.chart.views import clock, has_validation, reference_values, row_of
from tui.scene import Scene


def read_off(scene: Scene, looking: Looking, width: int, *, has_unicode: bool) -> Row:
    """The values at the crosshair, else the newest ones, and the best epoch: as many words as there is room for."""
    for words in (_FULL, _SHORT, _SHORTEST):
        row = _read_off(scene, looking, words, has_unicode=has_unicode)
        if len(row.text) <= width:
            break
    return row


class _Words(NamedTuple):
    """How much is said of each value."""

    train: str
    validation: str
    reference: str
    best: str
    has_band: bool


_FULL = _Words("train (as seen) ", "val ", "ref ", "best ", has_band=True)
_SHORT = _Words("train (as seen) ", "val ", "ref ", "best ", has_band=False)
_SHORTEST = _Words("(as seen) ", "", "", "", has_band=False)


def _read_off(scene: Scene, looking: Looking, words: _Words, *, has_unicode: bool) -> Row:
    columns, behind, best = scene.columns, scene.behind, scene.best
    row = row_of(columns, looking.epoch)
    at = len(columns) - 1 if row is None else row
    parts: list[tuple[str, str]] = []
    if row is not None:
        elapsed = clock(columns.elapsed[row])
        parts.append((f" epoch {columns.epochs[row]}  {elapsed}  lr {columns.lr[row]:.3g} ", "h"))
    for measure in (LOSS, ACCURACY):
        is_first = measure == LOSS and row is None
        parts.append((" | " if measure == ACCURACY else " ", "a"))
        value = _value(columns.values("train", measure)[at], measure)
        band = _band(columns, measure, at) if words.has_band and row is not None and scene.has_band else ""
        parts.append((f"t {words.train if is_first else ''}{value}{band}", "t"))
        if has_validation(columns):
            value = _value(columns.values("validation", measure)[at], measure)
            parts.append((f"  v {words.validation if is_first else ''}{value}", "v"))
        behind_row = row_of(behind, columns.epochs[at]) if behind is not None else None
        if behind is not None and behind_row is not None:
            reached = columns.epochs[at] <= behind.epochs[-1]
            value = _value(reference_values(behind, measure)[behind_row], measure) if reached else "ended"
            parts.append((f"  {'r' if has_unicode else '.'} {words.reference if is_first else ''}{value}", "r"))
    if best is not None and has_validation(columns) and row is None:
        accuracy = _value(columns.values("validation", ACCURACY)[best], ACCURACY)
        mark = "◆" if has_unicode else "*"
        parts.append((f"  {mark} {words.best}{accuracy} @{columns.epochs[best]}", "m"))
    return Row.of(parts)


def _band(columns: Columns, measure: str, row: int) -> str:
    """The 25-75 % band over batches: ` [0.21 0.28]`."""
    low, high = (_value(columns.values("train", measure, part)[row], measure) for part in ("p25", "p75"))
    return f" [{low} {high}]"


def noise_words(columns: Columns, images: int | None) -> str:
    """How far the validation curve can be trusted: `v: 150 images: 84 % means 77-89 %, ups and downs under …`.

    The interval is Wilson's, at 95 %, of the newest accuracy; half its width is what one value may be off by chance.

    Args:
        images: in the validation split; None where the run does not say.
    """
    if not len(columns):
        return ""
    if not has_validation(columns):
        return "no validation images: train, with weights that move, says nothing of new images"
    accuracy = columns.values("validation", ACCURACY)[len(columns) - 1]
    if not images or not math.isfinite(accuracy):
        return "v: validation, in eval mode after each epoch"
    low, high = wilson(round(accuracy * images), images)
    low_percent, high_percent = math.floor(100 * low + 0.5), math.floor(100 * high + 0.5)
    under = math.ceil(100 * (high - low) / 2 - 1e-9)
    return (
        f"v: {images:,} images: {percent(accuracy, 0)} % means {low_percent}-{high_percent} %, "
        f"ups and downs under {under} point{'s' if under > 1 else ''} are noise"
    )


def run_pane(scene: Scene) -> list[tuple[str, str]]:
    """What there is to know of the curves beside them: lines and the letter of their look."""
    columns, best, lowest = scene.columns, scene.best, scene.columns.lowest_loss
    if scene.run is None or not len(columns):
        return []
    last = len(columns) - 1
    train, validation = columns.values("train", ACCURACY), columns.values("validation", ACCURACY)
    lines = [("THIS RUN", "h")]
    if best is not None and lowest is not None:
        lines.append((f"best       {_value(validation[best], ACCURACY)} % at epoch {columns.epochs[best]}", " "))
        losses = columns.values("validation", LOSS)
        lines.append((f"lowest v   {_value(losses[lowest], LOSS)} at epoch {columns.epochs[lowest]}", " "))
        planned = (scene.run.experiment.get("training") or {}).get("epochs")
        if type(planned) is int and last + 1 >= planned and columns.epochs[lowest] > 0.95 * planned:
            lines.append(("           not yet fitted: train longer", " "))
        if math.isfinite(train[last]) and math.isfinite(validation[last]):
            lines.append((f"t - v now  {100 * (train[last] - validation[last]):+.1f} points, t as seen", " "))
    lines.append((f"an epoch   {columns.elapsed[last] / (last + 1):.2f} s", " "))
    images = scene.run.images
    if images:
        lines.append(("images     " + ", ".join(f"{clean(name)} {count:,}" for name, count in images.items()), " "))
    return [*lines, ("", " ")]


def _value(value: float, measure: str) -> str:
    if not math.isfinite(value):
        return "not finite"
    return f"{100 * value:.1f}" if measure == ACCURACY else f"{value:.3f}"
