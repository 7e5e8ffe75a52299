"""Why a run has no report, and what to do about it."""

from __future__ import annotations

from typing import Any

from engine.format import duration
from engine.store import Run, layout
from engine.text import clean


def no_report_words(run: Run, progress: dict[str, Any] | None = None) -> str:
    """One sentence, without the run's name.

    Args:
        progress: the run's `progress.json` where it is at hand, for the time that is left.
    """
    state, comes = run.state, "its report comes when it ends"
    if run.damage:
        return f"damaged: {clean(run.damage)}"
    if run.state == layout.NEWER:
        return str(run.read_only_reason)
    if run.is_alive:
        left = (progress or {}).get("eta_seconds")
        return f"{state}; {comes}" + ("" if left is None else f", ~{duration(left)}")
    if state == "failed":
        reason = clean((run.document.get("failure") or {}).get("reason") or "see `cnnlab show`")
        return f"failed, so nothing was scored: {reason}"
    if run.is_over and run.summary:
        return f"{state}, but report.json is missing or damaged; see `cnnlab doctor`"
    return {
        "queued": f"queued; {comes}",
        "interrupted": f"interrupted; `cnnlab resume {run.id}` goes on, and {comes}",
    }.get(state, f"{state} before it began, so there is nothing to score")
