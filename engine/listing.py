"""Runs as rows, and live ones in words; the same on the command line and on the screen."""

from __future__ import annotations

from typing import Any

from engine.format import duration, fetching, percent, short_classes, speed
from engine.layout import Column
from engine.store import Run, layout
from engine.text import clean

# What a narrow terminal can do without, first to go first.
COLUMNS = (
    Column("state"),
    Column("run", least=20),
    Column("data", drop=2, least=10),
    Column("pooling", drop=4),
    Column("seed", right=True, drop=3),
    Column("epochs", right=True, drop=5),
    Column("val %", right=True, drop=8),
    Column("@ep", right=True, drop=1),
    Column("test %", right=True),
    Column("gap", right=True, drop=6),
    Column("time", right=True, drop=7),
    Column("id"),
)


def run_cells(run: Run) -> list[str]:
    """One run as a row of `COLUMNS`, clean; a test accuracy that was selected on test is marked `*`."""
    summary, experiment = run.summary or {}, run.experiment
    dataset, model, training = (experiment.get(name) or {} for name in ("dataset", "model", "training"))
    data = clean(f"{dataset.get('name', '-')}: {short_classes(dataset.get('classes') or [], 2)}")
    epochs = training.get("epochs", "-")
    done = summary.get("epochs_done")
    progress = (run.progress() or {}) if run.is_alive else {}
    left = progress.get("eta_seconds")
    return [
        state_words(run),
        clean(run.damage or run.name),
        data,
        clean(model.get("pooling", "-")),
        clean(training.get("seed", "-")),
        f"{done}/{epochs}" if done not in (None, epochs) else clean(epochs),
        percent(summary.get("validation_accuracy")),
        clean(summary.get("selected_epoch", "-")),
        percent(summary.get("test_accuracy")) + ("*" if is_selected_on_test(run) else ""),
        percent(summary.get("overfitting_gap")),
        duration(summary.get("seconds")) if left is None else f"~{duration(left)}",
        run.id,
    ]


def is_selected_on_test(run: Run) -> bool:
    """Whether its epoch was chosen by the images that its test accuracy is of."""
    return bool((run.summary or {}).get("selected_on") == "test")


def state_words(run: Run) -> str:
    """`training 62 %`, `fetching 43 of 161 MiB, 5.2 MB/s`: the state, of a live run with how far it is."""
    if fetch := _fetch(run):
        return fetching(fetch["done_bytes"], fetch["total_bytes"], fetch["bytes_per_second"])
    progress = run.progress() if run.is_alive else None
    return f"{run.state} {percent(share_done(progress), 0)} %" if progress else run.state


def fetch_words(run: Run) -> str:
    """`fetching 43 of 161 MiB, 5.2 MB/s`, or why nothing comes; empty where no data are fetched for this run now."""
    fetch = _fetch(run)
    return fetching(**fetch) if fetch else ""


def _fetch(run: Run) -> dict[str, Any] | None:
    return run.fetch() if run.state == "starting" else None


def share_done(progress: dict[str, Any]) -> float:
    """How much of a training is done, in [0, 1]."""
    steps = (progress["epoch"] - 1) * progress["steps_per_epoch"] + progress["step"]
    return float(steps / max(1, progress["epochs"] * progress["steps_per_epoch"]))


def progress_words(progress: dict[str, Any], state: str, *, narrow: bool = False) -> str:
    """`epoch 310/500  batch 7/11  loss 0.240  acc 92.7 %  9.5k img/s  0:27 left`; for 80 columns without its words."""
    epoch = f"{progress['epoch']}/{progress['epochs']}"
    batch = f"{progress['step']}/{progress['steps_per_epoch']}"
    parts = [epoch, batch] if narrow else [f"epoch {epoch}", f"batch {batch}"]
    if progress.get("loss") is not None:
        parts.append(f"loss {progress['loss']:.3f}")
    if progress.get("accuracy") is not None:
        parts.append(f"acc {percent(progress['accuracy'])}" + ("" if narrow else " %"))
    if progress.get("images_per_second"):
        parts.append(speed(progress["images_per_second"]).replace(" img" if narrow else "", ""))
    if state != "training":
        parts.append(state)
    elif progress.get("eta_seconds") is not None:
        parts.append(duration(progress["eta_seconds"]) + ("" if narrow else " left"))
    return (" " if narrow else "  ").join(parts)


def precision_words(run: Run) -> str | None:
    """That a wish for speed changed nothing, where it did not; None where it did, or nobody wished."""
    wish, found = (run.experiment.get("training") or {}).get("precision"), run.environment.get("precision")
    if wish != "fast" or found != "float32":
        return None
    return f"precision fast changes nothing on {clean(run.environment.get('device_name'))}: trained in float32"


def ended_words(run: Run) -> str:
    """How a run ended, in a line."""
    if run.state == "stopped" and not run.summary:
        return "stopped before it began"
    if run.state == "failed":
        return f"failed: {clean((run.document.get('failure') or {}).get('reason'))}"
    if run.state == layout.NEWER:
        return str(run.read_only_reason)
    if not run.is_over:
        why = (run.document.get("failure") or {}).get("reason") if run.state == layout.INTERRUPTED else None
        return f"{run.state}{f': {clean(why)}' if why else ''}; `cnnlab resume {run.id}` goes on"
    summary = run.summary or {}
    words = f"{run.state} after {duration(summary.get('seconds'))}"
    chosen = "selected on test" if is_selected_on_test(run) else "selected"
    return (
        f"{words}, epoch {summary.get('selected_epoch')} {chosen}: "
        f"train {percent(summary.get('train_accuracy'))} %, test {percent(summary.get('test_accuracy'))} %"
    )
