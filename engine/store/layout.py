"""Names and largest sizes of the files in a run folder."""

from __future__ import annotations

RUN, HISTORY, PROGRESS, REPORT = "run.json", "history.jsonl", "progress.json", "report.json"
PREDICTIONS, EXPORT, MODEL = "predictions.safetensors", "export.json", "model.onnx"
LAST, PREVIOUS, BEST = "last.safetensors", "previous.safetensors", "best.safetensors"
LOG, REQUESTS, LOCK, RESERVE = "worker.log", "requests", "owner.lock", ".reserve"
TRASH, CHANGED, WORKERS = ".trash", ".changed", ".worker"

FORMAT = 1
QUEUED, INTERRUPTED, DAMAGED, NEWER = "queued", "interrupted", "damaged", "newer"
ALIVE = ("starting", "training", "paused", "evaluating")
BUSY = ("starting", "evaluating")  # alive, and without a look at requests
OVER = ("finished", "stopped", "failed")

MAX_BYTES = {
    RUN: 4 << 20,
    HISTORY: 2 << 30,
    PROGRESS: 64 << 10,
    REPORT: 256 << 20,
    PREDICTIONS: 4 << 30,
    EXPORT: 16 << 20,
    BEST: 16 << 30,
}
