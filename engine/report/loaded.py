"""A run's report as a screen holds it: everything read once, for every split, beside the reference's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.data import class_groups
from engine.errors import LabError
from engine.report.absent import no_report_words
from engine.report.against import Against, against
from engine.report.confusion import Confusion
from engine.report.formats import split_document
from engine.store import Run

SPLITS = ("test", "train", "validation")


@dataclass(frozen=True)
class LoadedReport:
    """One run's report.

    Args:
        run: as it was when it was read.
        reference: the run that differences are taken to.
        documents: by split, as `report_document` gives them; empty where there is no report.
        problem: why there is none.
        changes: by split, against the reference.
        not_compared: by split, why not, where a reference is given.
        confused: by split, how often the reference confuses each pair of classes.
        groups: superclasses of the run's classes; empty where there are none.
    """

    run: Run
    reference: Run | None = None
    documents: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    problem: str = ""
    changes: Mapping[str, Against] = field(default_factory=dict)
    not_compared: Mapping[str, str] = field(default_factory=dict)
    confused: Mapping[str, Mapping[tuple[str, str], int]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def load_report(run: Run, reference: Run | None = None) -> LoadedReport:
    """Read a report, and what of it can be compared with the reference's. Damage is a `problem`, never raised."""
    reference = None if reference is None or reference.id == run.id else reference
    report = None if run.damage else run.report()
    if report is None:
        progress = run.progress() if run.is_alive else None
        return LoadedReport(run, reference, problem=no_report_words(run, progress))
    documents: dict[str, dict[str, Any]] = {}
    problem = ""
    for split in SPLITS:
        try:
            documents[split] = split_document(run, report, split)
        except LabError as error:
            problem = problem or error.message
    if not documents:
        return LoadedReport(run, reference, problem=problem)
    name = str((run.experiment.get("dataset") or {}).get("name"))
    groups = class_groups(name, next(iter(documents.values()))["classes"])
    loaded = LoadedReport(run, reference, documents, groups=groups)
    return loaded if reference is None else _beside(loaded, reference)


def _beside(loaded: LoadedReport, reference: Run) -> LoadedReport:
    changes: dict[str, Against] = {}
    not_compared: dict[str, str] = {}
    confused: dict[str, Mapping[tuple[str, str], int]] = {}
    report = reference.report()
    for split, document in loaded.documents.items():
        try:
            other = split_document(reference, report, split)
            changes[split] = against(loaded.run, reference, document, other)
            confused[split] = {(pair.true, pair.said): pair.count for pair in Confusion.of(other).pairs()}
        except LabError as error:
            not_compared[split] = error.message
    return replace(loaded, changes=changes, not_compared=not_compared, confused=confused)
