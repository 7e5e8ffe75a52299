"""The five screens, help and a question, as they are drawn at two sizes."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from engine.store import RunStore
from tests.screens.pictures import compare_picture, pin
from tests.screens.reports import scored
from tests.screens.stage import act, epoch, make, screen_text, until
from tui.app import LabApp
from tui.modes import screen_class
from tui.screens.ask import Confirm
from tui.screens.help import Help

STUDY = {"id": "20260101-000000-aaaa", "name": "pooling", "kind": "pooling", "seeds": [0, 1, 2]}
WRONG = {"stride": (12, 14, 13), "max": (4, 6, 3), "avg": (15, 15, 20)}
PROGRESS = {
    "heartbeat": 1, "epoch": 25, "epochs": 40, "step": 7, "steps_per_epoch": 11, "loss": 0.5, "accuracy": 0.8,
    "seconds": 44.0, "eta_seconds": 27.0, "images_per_second": 9500.0,
    "telemetry": {"cpu_percent": 98.0, "rss_bytes": 1 << 30, "gpu": None},
}  # fmt: skip
KEYS = {
    "runs": "1", "new": "2", "curves": "3", "compare": "4", "report": "5", "help": "question_mark", "question": "S",
}  # fmt: skip


def fill(store: RunStore) -> None:
    """A study of nine, a failed run, a damaged one."""
    for seed in range(3):
        for place, (pooling, wrong) in enumerate(WRONG.items()):
            study = {**STUDY, "position": 3 * seed + place, "label": pooling}
            mistakes = {("3", "8"): wrong[seed], ("9", "3"): seed + 1}
            scored(store, f"abf-{pooling} s{seed}", mistakes, pooling=pooling, seed=seed, study=study)
    with make(store, "abf-max lr.5").own() as owner:
        owner.update(state="failed", summary=None, failure={"kind": "diverged", "reason": "NaN loss, epoch 3, step 27"})
    (make(store, "broken").path / "run.json").write_text("{")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
@pytest.mark.parametrize("name", KEYS)
def test_a_screen_is_drawn_as_it_was(
    store: RunStore, name: str, size: tuple[int, int], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(monkeypatch)
    fill(store)
    live = make(store, "abf-max s3")
    with live.own() as owner:
        owner.cut_history(0)
        owner.append_history([epoch(number) for number in range(1, 25)])
        owner.update(state="training", summary=None)
        owner.write_progress(PROGRESS)

        async def story(app: LabApp, pilot: Pilot[None]) -> None:
            is_finished = name in ("compare", "report")
            await pilot.press("j", "j", "j") if is_finished else await pilot.press("G", "k", "space", "p", "g")
            await pilot.press(KEYS[name])
            kind = {"help": Help, "question": Confirm}.get(name) or screen_class(name)
            await until(pilot, lambda: isinstance(app.screen, kind))
            if name == "new":  # a process of its own counts the images, and brings the samples
                await until(pilot, lambda: "143 images" in screen_text(app) and "▀" in screen_text(app))
            update = bool(request.config.getoption("--update"))
            await compare_picture(app, pilot, f"{name}-{size[0]}x{size[1]}", update=update)

        act(store, story, size)
