"""What somebody should know before the start: how much these images and seeds can tell apart."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence

from engine.proportion import wilson
from engine.statistics import FEWEST_SEEDS
from engine.store import Run
from tui.form.check import Checked

_NEWEST = 20


def hints(checked: Checked, runs: Sequence[Run]) -> Iterator[str]:
    """One sentence or two each, the most important first.

    Args:
        runs: past ones, newest first; how well they did on the same classes decides how wide the intervals are.
    """
    if checked.experiment is None or checked.sizes is None:
        return
    validation = checked.experiment.dataset.validation
    seeds = _seeds_words(checked)
    if validation == "test":
        yield f"the best epoch is selected on test: every number chosen so says so. {seeds}"
    elif checked.sizes.validation == 0:
        yield f"no validation: the last epoch is taken, whether it is the best or not. {seeds}"
    else:
        n = checked.sizes.validation
        accuracy, source = likely_accuracy(checked, runs)
        apart = _points(half_width(accuracy, n))
        yield f"validation: {n:,} images tell only differences of {apart} points or more apart ({source}). {seeds}"


def half_width(accuracy: float, n: int) -> float:
    """Half of Wilson's 95 % interval of an accuracy on `n` images: what is nearer to it is not told from it."""
    low, high = wilson(round(accuracy * n), n)
    return (high - low) / 2


def likely_accuracy(checked: Checked, runs: Iterable[Run]) -> tuple[float, str]:
    """What past runs on the same classes reached on validation, else one half, where intervals are widest; and why."""
    assert checked.experiment is not None
    wanted = checked.experiment.dataset
    found = []
    for run in runs:
        dataset, accuracy = run.experiment.get("dataset") or {}, (run.summary or {}).get("validation_accuracy")
        if accuracy is None or dataset.get("name") != wanted.name:
            continue
        if not wanted.classes or set(dataset.get("classes") or ()) == set(wanted.classes):
            found.append(accuracy)
            if len(found) == _NEWEST:
                break
    if not found:
        return 0.5, "at 50 %, at worst"
    middle = statistics.median(found)
    return middle, f"at {100 * middle:.0f} %, as runs before"


def _seeds_words(checked: Checked) -> str:
    count = len(checked.seeds)
    if count >= FEWEST_SEEDS:
        return f"{count} seeds give each difference its interval."
    if count == 1:
        return "1 seed compares models, not settings." if checked.varied else f"{FEWEST_SEEDS} seeds help; 1 does not."
    return f"{count} seeds give no interval; {FEWEST_SEEDS} do."


def _points(share: float) -> str:
    points = 100 * share
    return f"{math.ceil(points - 0.05)}" if points >= 2 else f"{points:.1f}"
