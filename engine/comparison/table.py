"""A comparison as rows: CSV for other programs, Markdown for a page."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from engine.format import interval, p_value, percent, points, setting
from engine.text import clean


def to_csv(document: dict[str, Any]) -> str:
    """One row a run: id, name, state, the settings that differ, every measure, what its epoch was selected on."""
    rows = []
    for run in document["runs"]:
        row: dict[str, Any] = {"id": run["id"], "name": run["name"], "state": run["state"]}
        row.update({key: _cell(value) for key, value in run["differs"].items()})
        for measure, found in run["metrics"].items():
            row[measure] = found["value"]
            if "n" in found:
                row[f"{measure}_low"], row[f"{measure}_high"] = found["low"], found["high"]
            if "epoch" in found:
                row[f"{measure}_epoch"] = found["epoch"]
        row["selected_on"] = run["selected_on"]
        rows.append(row)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["id"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def to_markdown(document: dict[str, Any]) -> str:
    """One row a group, the pick under it, and every caution."""
    head = ["setting", "n", "test %", "sd", "difference [95 %]", "p (Holm)", "train %", "gap", "seconds"]
    lines = [_row(head), _row(["---"] * len(head))]
    for group in document["groups"]:
        metrics = group["metrics"]
        test = metrics["test_accuracy"]
        change = "reference" if group["reference"] else f"{points(test['difference'])} {_interval(test)}".strip()
        seconds = metrics["seconds"]["mean"]
        cells = [
            clean(group["label"]),
            str(group["n"]),
            percent(test["mean"]),
            percent(test["std"]),
            change,
            p_value(test["p"]),
        ]
        cells += [percent(metrics["train_accuracy"]["mean"]), percent(metrics["overfitting_gap"]["mean"])]
        lines.append(_row([*cells, "-" if seconds is None else f"{seconds:.1f}"]))
    if document["best"]:
        lines += ["", document["best"]["reason"]]
    lines += [f"- {warning}" for warning in document["warnings"]]
    return "\n".join(lines) + "\n"


def _interval(row: dict[str, Any]) -> str:
    return "" if row["low"] is None else interval(row["low"], row["high"], signed=True)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _cell(value: Any) -> Any:
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return ",".join(map(str, value))
    return setting(value) if isinstance(value, bool) else value
