"""Everything about a run in words: where it lies, what it was to do, where it ran, what came of it."""

from __future__ import annotations

import os
import stat
from typing import Any

from engine.format import duration, percent, setting
from engine.store import Run
from engine.telemetry import telemetry_words


def describe_run(run: Run) -> list[tuple[str, str]]:
    """What is known of a run, as labels and values; values may hold foreign text."""
    facts: list[tuple[str, Any]] = [("folder", run.path), ("created", run.created)]
    if run.damage or run.read_only_reason:
        facts.append(("damaged" if run.damage else "read-only", run.damage or run.read_only_reason))
    facts += [("tags", " ".join(run.tags)), ("note", run.note)]
    if run.study:
        facts.append(("study", f"{run.study.get('name')} {run.study.get('id')}: {run.study.get('label')}"))
    if run.is_alive:
        facts.append(("now", telemetry_words((run.progress() or {}).get("telemetry"))))
    failure = run.document.get("failure") or {}
    facts += [("notice", notice) for notice in run.notices]
    facts += [("failure", failure.get("reason")), ("waiting", run.document.get("waiting"))]
    for section, values in run.experiment.items():
        if not isinstance(values, dict):
            continue  # a newer format may have what this one does not know
        facts += [(f"{section}.{key}", _setting_words(value)) for key, value in values.items()]
    for key in ("device", "device_name", "threads", "lanes", "precision", "path", "torch", "cnnlab", "commit"):
        facts.append((key, run.environment.get(key)))
    memory = run.environment.get("gpu_memory")
    if memory:
        free, total, held = (memory.get(key, 0) >> 20 for key in ("free_bytes", "total_bytes", "held_by_others_bytes"))
        facts.append(("gpu memory at the start", f"{free:,} of {total:,} MiB free, {held:,} MiB held by others"))
    summary = run.summary or {}
    for key, value in summary.items():
        facts.append((key, _summary_words(key, value)))
    return [(label, str(value)) for label, value in facts if value not in (None, "")]


def describe_files(run: Run) -> list[tuple[str, str]]:
    """The files of its folder, by name, and their bytes; names may be foreign text. Follows no link."""
    try:
        with os.scandir(run.path) as entries:
            found = [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
    except OSError:  # the folder was moved away meanwhile
        return []
    return [(name, f"{status.st_size:,} bytes") for name, status in sorted(found) if stat.S_ISREG(status.st_mode)]


def _setting_words(value: Any) -> str:
    if not isinstance(value, list):
        return setting(value)
    return ", ".join(str(item.get("type", item) if isinstance(item, dict) else item) for item in value)


def _summary_words(key: str, value: Any) -> str | None:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items())
    if isinstance(value, float) and (key.endswith("accuracy") or key == "overfitting_gap"):
        return f"{percent(value, 2)} %"
    if isinstance(value, float):
        return duration(value) if key == "seconds" else f"{value:.4g}"
    return None if value is None else f"{value:,}" if isinstance(value, int) else str(value)
