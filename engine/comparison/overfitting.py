"""Overfitting in words: a small gap of a model that fits badly is not a virtue."""

from __future__ import annotations

from collections.abc import Sequence

from engine.comparison.groups import Group
from engine.format import percent
from engine.text import clean, shorten

_LABEL = 48
_UNEQUAL = 0.03  # training accuracies further apart than this are not the same fit


def describe_overfitting(groups: Sequence[Group]) -> list[str]:
    """Sentences on the gaps of these groups, each with the training accuracy beside it."""
    known = [group for group in groups if group.mean("train_accuracy") is not None]
    if not known:
        return []
    return [*_gaps(known), *_unfitted(known)]


def _name(group: Group) -> str:
    return clean(shorten(group.label, _LABEL))


def _gaps(groups: Sequence[Group]) -> list[str]:
    ordered = sorted(groups, key=lambda group: -(group.mean("overfitting_gap") or 0))
    listed = ", ".join(_gap(group) for group in ordered[:6])
    sentences = [f"Gap, train − test in points: {listed}."]
    fits = [group.mean("train_accuracy") or 0.0 for group in groups]
    if len(groups) > 1 and max(fits) - min(fits) > _UNEQUAL:
        sentences.append("They fit the training set unequally, so a small gap is not yet a virtue.")
    return sentences


def _gap(group: Group) -> str:
    gap, fit = percent(group.mean("overfitting_gap")), percent(group.mean("train_accuracy"))
    return f"{_name(group)} {gap} (train {fit} %)"


def _unfitted(groups: Sequence[Group]) -> list[str]:
    improving = [(group, [one for one in group.members if one.is_still_improving is True]) for group in groups]
    listed = [f"{_name(group)} {len(ones)} of {len(group.members)}" for group, ones in improving if ones]
    if not listed:
        return []
    first = next(ones[0] for _, ones in improving if ones)
    return [
        "Not yet fitted, train longer: the lowest validation loss lay in the last twentieth of the epochs in "
        f"{', '.join(listed)} runs; to go on where one ended: cnnlab extend {first.id} "
        f"--epochs {2 * (first.epochs_done or 0)}."
    ]
