"""A run's report against a reference's: two trained models on the same images, which says nothing of two settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.comparison.member import ComparedRun, Member
from engine.comparison.pairs import pair_row, same_images
from engine.errors import RequestError
from engine.format import counted, p_value
from engine.report.formats import AVERAGES
from engine.text import clean


@dataclass(frozen=True)
class Against:
    """What changed from the reference to the run.

    Args:
        run, name: id and name of the reference.
        f1: differences of F1 by class and average, fractions.
        accuracy: difference, a fraction.
        counts: by class, images that the run put right and images that it spoilt; empty where predictions are missing.
        images: how many were scored by both.
        fixed, broken, p: of all images, with McNemar's exact test; None where predictions are missing.
    """

    run: str
    name: str
    f1: Mapping[str, float]
    accuracy: float
    counts: Mapping[str, tuple[int, int]]
    images: int
    fixed: int | None
    broken: int | None
    p: float | None

    def to_json(self) -> dict[str, Any]:
        """As `cnnlab report --reference` prints it."""
        classes = {name: {"fixed": fixed, "broken": broken} for name, (fixed, broken) in self.counts.items()}
        return {
            "run": self.run,
            "images": self.images,
            "accuracy": self.accuracy,
            "fixed": self.fixed,
            "broken": self.broken,
            "p": self.p,
            "per_class": {name: {"f1-score": change, **classes.get(name, {})} for name, change in self.f1.items()},
        }

    def sentences(self, elsewhere: str = "cnnlab compare") -> list[str]:
        """What may be said of it, and what may not; `elsewhere` is where the other question is answered."""
        if self.fixed is None:
            first = f"Against {clean(self.name)}: its predictions are not kept, so there is no test of the difference."
        else:
            first = (
                f"Against {clean(self.name)} on the same {counted(self.images, 'image')}: {self.fixed} put right, "
                f"{self.broken} spoilt (exact p {p_value(self.p)})."
            )
        return [first, f"This compares these two trained models; for their settings: {elsewhere}."]


def against(run: ComparedRun, reference: ComparedRun, own: Mapping[str, Any], other: Mapping[str, Any]) -> Against:
    """The run against the reference on one split.

    Args:
        own, other: `report_document` of the run and of the reference, of the same split.

    Raises:
        RequestError: where they were not scored on the same images.
    """
    mine, theirs, split = Member(run), Member(reference), own["split"]
    if own["classes"] != other["classes"]:
        raise RequestError(f"{clean(reference.name)} has other classes: not compared", field="reference")
    if not same_images(mine, theirs, split):
        raise RequestError(
            f"{clean(reference.name)} was scored on other {split} images: not compared", field="reference"
        )
    pair = pair_row(theirs, mine, split)
    f1 = {name: own["per_class"][name]["f1-score"] - other["per_class"][name]["f1-score"] for name in own["classes"]}
    return Against(
        run=reference.id,
        name=reference.name,
        f1=f1 | {name: own[name]["f1-score"] - other[name]["f1-score"] for name in AVERAGES},
        accuracy=own["accuracy"] - other["accuracy"],
        counts=_counts(mine, theirs, split, own["classes"]) if pair else {},
        images=own["images"],
        fixed=pair["fixed"] if pair else None,
        broken=pair["broken"] if pair else None,
        p=pair["p"] if pair else None,
    )


def _counts(run: Member, reference: Member, split: str, names: list[str]) -> dict[str, tuple[int, int]]:
    ours, theirs = run.scored[split], reference.scored[split]
    fixed, broken = ours.right & ~theirs.right, ~ours.right & theirs.right
    return {
        name: (int(fixed[ours.labels == k].sum()), int(broken[ours.labels == k].sum())) for k, name in enumerate(names)
    }
