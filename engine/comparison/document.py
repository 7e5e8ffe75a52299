"""The document of a comparison: runs, what differs, groups over seeds, pairs of models, the pick, and cautions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.comparison.cautions import find_cautions
from engine.comparison.groups import (
    Differences,
    differing,
    find_reference,
    group_row,
    make_groups,
    name_by_study,
    pairs_of,
)
from engine.comparison.member import REPEATS, ComparedRun, Member
from engine.comparison.overfitting import describe_overfitting
from engine.comparison.pairs import pair_models
from engine.comparison.pick import pick
from engine.errors import RequestError

SPLITS = ("test", "train", "validation")


def compare(runs: Sequence[ComparedRun], *, reference: str | None = None, split: str = "test") -> dict[str, Any]:
    """Compare runs.

    Args:
        runs: in the order in which they are to be listed; unfinished ones are listed and left out of the rest.
        reference: what differences are taken to: a group's label, or a run's id or name; None: the first group.
        split: whose images the pairs of models are scored on.

    Returns:
        The document of `cnnlab compare --json`; accuracies and their differences are fractions. Two kinds of question
        are kept apart: `pairs` are two trained models on the same images (McNemar), `groups` and `differences` are
        settings over the seeds they share (paired t; `p` is Holm's over all pairs of groups, `p_raw` is not).

    Raises:
        RequestError: for an unknown reference or split.
    """
    if split not in SPLITS:
        raise RequestError(f"split: {split!r} is not one of {', '.join(SPLITS)}", field="split")
    members = [Member(run) for run in runs]
    differs = differing(members)
    complete = [member for member in members if member.is_complete]
    grouping = [key for key in differing(complete) if key not in REPEATS]
    groups = make_groups(complete, grouping)
    name_by_study(groups)
    base = find_reference(groups, reference)
    same_test = len({member.test_sha256 for member in complete}) <= 1
    differences = Differences(pairs_of(groups, base) if same_test else [])
    ordered = sorted(complete, key=lambda member: base is not None and member not in base.members)
    selects = same_test and all(member.selected_on != "last" for member in complete)
    return {
        "runs": [
            {
                "id": member.id,
                "name": member.name,
                "state": member.state,
                "differs": {key: member.settings.get(key) for key in differs},
                "selected_on": member.selected_on,
                "metrics": member.metrics(),
                "not_yet_fitted": member.is_still_improving,
            }
            for member in members
        ],
        "differs": differs,
        "groups": [group_row(group, base, differences if same_test else None) for group in groups],
        "differences": differences.rows("test_accuracy"),
        "pairs": pair_models(ordered, split),
        "seconds_comparable": len({member.place for member in complete}) <= 1,
        "overfitting": describe_overfitting(groups),
        "best": pick(groups, differences, grouping) if selects else None,
        "warnings": list(find_cautions(members, groups, grouping, same_test=same_test)),
    }
