"""What tests of screens share: an app on a folder of runs, driven by keys, and its screen as text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from engine.store import Run, RunStore
from tui.app import LabApp

BAND = {"mean": 0.5, "p25": 0.4, "p75": 0.6}
SIZES = [(80, 24), (120, 36), (200, 60), (60, 15), (30, 8)]
Story = Callable[[LabApp, Pilot[None]], Coroutine[Any, Any, None]]


def act(store: RunStore, story: Story, size: tuple[int, int] = (80, 24), data_dir: Path | None = None) -> LabApp:
    """Start the app, wait until it has read the folder, and let the story happen."""

    async def play() -> LabApp:
        app = LabApp(store, data_dir)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.has_read)
            await story(app, pilot)
        return app

    return asyncio.run(play())


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    for _ in range(2000):
        await pilot.pause(0.01)
        if condition():
            return
    raise AssertionError(f"it did not happen; the screen:\n{screen_text(pilot.app)}")


def screen_text(app: App[Any]) -> str:
    """Everything on the screen, as characters."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip)[:width] for strip in strips[:height])


def epoch(number: int) -> dict[str, Any]:
    loss = {"mean": 1.0 / number, "p25": 0.1, "p75": 2.0 / number}
    split = {"loss": loss, "accuracy": {**BAND, "mean": min(0.99, 0.5 + number / 100)}}
    return {"event": "epoch", "epoch": number, "seconds": 0.1, "lr": 0.01, "train": split, "validation": split}


def make(store: RunStore, name: str, pooling: str = "max", accuracy: float = 0.8, **options: Any) -> Run:
    experiment = {
        "dataset": {"name": "digits", "classes": ["0", "1"], "validation": 0.1},
        "model": {"name": "lab", "pooling": pooling},
        "training": {"epochs": 40, "seed": 0},
    }
    run = store.create(experiment, fingerprint="f", name=name, study=options.get("study"))
    with run.own() as owner:
        owner.append_history([epoch(number) for number in range(1, 41)])
        names = ("test_accuracy", "train_accuracy", "validation_accuracy")
        summary = {**dict.fromkeys(names, accuracy), "epochs_done": 40, "selected_epoch": 30, "seconds": 12.0}
        more = {"overfitting_gap": 0.0, "selected_on": "validation", "test_sha256": "same", "images": {"test": 100}}
        owner.update(state=options.get("state", "finished"), summary={**summary, **more})
        scores = {"precision": 0.5, "recall": 0.5, "f1-score": 0.5, "support": 50}
        split = {"images": 100, "accuracy": accuracy, "per_class": {"0": scores, "1": scores}}
        split |= {"macro avg": scores, "weighted avg": scores, "confusion": [[25, 25], [25, 25]]}
        owner.write_report(
            {"format": 1, "classes": ["0", "1"], "selected_epoch": 30, "selected_on": "validation",
             "splits": {"test": split, "train": split}}
        )  # fmt: skip
    return run.reload()
