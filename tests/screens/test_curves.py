"""Curves, driven by keys and the mouse, on real run folders."""

from __future__ import annotations

import math
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot

from engine.store import Run, RunStore
from tests.screens.stage import act, epoch, make, screen_text, until
from tui.app import LabApp
from tui.screens.curves import CurvesScreen
from tui.widgets.chart import Chart
from tui.widgets.curve_panels import Instead


def chart_text(app: LabApp, name: str = "loss") -> str:
    return "\n".join(row.text for row in app.screen.query_one(f"#{name}", Chart).rows)


async def open_curves(app: LabApp, pilot: Pilot[None], words: str = "as seen") -> CurvesScreen:
    await pilot.press("3")
    await until(pilot, lambda: isinstance(app.screen, CurvesScreen) and words in screen_text(app))
    assert isinstance(app.screen, CurvesScreen)
    return app.screen


async def press(app: LabApp, pilot: Pilot[None], key: str, words: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: words in screen_text(app))


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60), (60, 15)])
def test_both_charts_are_drawn_and_read_off(store: RunStore, three: list[Run], size: tuple[int, int]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_curves(app, pilot)
        for name, title in (("loss", "Loss"), ("accuracy", "Accuracy, %")):
            await until(pilot, lambda name=name, title=title: title in chart_text(app, name))
            text = chart_text(app, name)
            assert "t" in text
            assert "v" in text
            assert "◆" in text
            assert any(0x2800 < ord(character) < 0x2900 for character in text)
        assert "(as seen) 0.025  v " in screen_text(app)
        assert "finished: 40 epochs in 12 s" in screen_text(app)

    act(store, story, size)


def test_without_unicode_letters_draw_the_curves(
    store: RunStore, three: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_curves(app, pilot)
        text = chart_text(app)
        assert text.isascii()
        assert text.count("v") > 10

    act(store, story)


def test_the_crosshair_reads_off_an_epoch_and_esc_takes_it_away(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_curves(app, pilot)
        await press(app, pilot, "h", "epoch 40  4 s  lr 0.01")
        await press(app, pilot, "left", "epoch 39  4 s  lr 0.01  t 0.026")
        await press(app, pilot, "l", "epoch 40  4 s")
        await press(app, pilot, "l", "epoch 40  4 s")
        assert "│" in chart_text(app).replace("     │", "")
        await press(app, pilot, "escape", "as seen")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, CurvesScreen))

    act(store, story)


def test_axes_are_changed_smoothing_is_said_and_the_range_is_halved(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_curves(app, pilot)
        await press(app, pilot, "x", "Loss, log")
        assert "Accuracy, %" in screen_text(app)
        await pilot.press("x")
        await until(pilot, lambda: " s" in chart_text(app).splitlines()[-1])
        await press(app, pilot, "x", "Loss, log")
        await pilot.press("x")
        await until(pilot, lambda: " s" not in chart_text(app).splitlines()[-1])
        for strength in ("0.6", "0.9", "0.97"):
            await press(app, pilot, "z", f"smooth {strength}, raw faint")
        await pilot.press("z")
        await until(pilot, lambda: "smooth" not in screen_text(app))
        await press(app, pilot, "plus", "20 - 40")
        await press(app, pilot, "plus", "30 - 40")
        await press(app, pilot, "minus", "20 - 40")
        await pilot.press("0")
        await until(pilot, lambda: "20 - 40" not in screen_text(app))

    act(store, story)


def test_one_chart_has_the_whole_screen_until_esc(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await open_curves(app, pilot)
        loss, accuracy = screen.query_one("#loss", Chart), screen.query_one("#accuracy", Chart)
        narrow = loss.size.width
        await pilot.press("enter")
        await until(pilot, lambda: loss.size.width == 80 and not accuracy.display)
        await pilot.press("tab")
        await until(pilot, lambda: accuracy.display and not loss.display)
        await pilot.press("escape")
        await until(pilot, lambda: loss.size.width == narrow and accuracy.display)
        await pilot.press("v")
        await until(pilot, lambda: loss.size.width == 80 and not accuracy.display)
        await pilot.press("v")
        await until(pilot, lambda: accuracy.size.width == 80 and not loss.display)
        await pilot.press("v")
        await until(pilot, lambda: loss.size.width == narrow and accuracy.display)

    act(store, story)


def test_the_reference_stands_behind_and_neighbours_are_a_key_away(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_curves(app, pilot, "run-avg")
        await pilot.press("p")
        assert app.selection.reference == three[2].id
        await press(app, pilot, "right_square_bracket", "ref run-avg")
        assert app.selection.cursor == three[1].id
        await until(pilot, lambda: "(as seen) 0.025  v 0.025  r 0.025" in screen_text(app))
        await until(pilot, lambda: "r" in chart_text(app))
        await pilot.press("h")
        await press(app, pilot, "left_square_bracket", "as seen")  # the crosshair was on the other run
        assert app.selection.cursor == three[2].id
        assert "ref run-avg" not in screen_text(app)

    act(store, story)


def test_the_mouse_reads_off_picks_and_zooms(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await open_curves(app, pilot)
        chart = screen.query_one("#accuracy", Chart)
        await pilot.hover(chart, offset=(chart.size.width // 2, 4))
        await until(pilot, lambda: "epoch " in screen_text(app) and "lr 0.01" in screen_text(app))
        passing = screen._looking.epoch
        assert passing is not None
        assert not screen._looking.is_pinned
        await pilot.click(chart, offset=(10, 4))
        await until(pilot, lambda: screen._looking.is_pinned)
        picked = screen._looking.epoch
        assert picked is not None
        assert picked < passing
        assert screen._looking.active == "accuracy"
        await pilot.hover(chart, offset=(chart.size.width // 2, 4))
        assert screen._looking.epoch == picked
        screen.post_message(Chart.Zoomed(1.0, 1))
        await until(pilot, lambda: "1 - 20" in screen_text(app) or "1 - 21" in screen_text(app))

    act(store, story)


def test_a_live_run_draws_itself_and_its_end_is_seen(store: RunStore) -> None:
    run = make(store, "live")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        with run.own() as owner:
            owner.cut_history(0)
            owner.update(state="starting", summary=None, images={"train": 1350, "validation": 150, "test": 300})
            owner.write_progress({"phases": [{"name": "importing torch", "seconds": None}]})
            await open_curves(app, pilot, "waiting for epoch 1: importing torch …")
            owner.update(state="training")
            telemetry = {"cpu_percent": 98.0, "rss_bytes": 1 << 28, "gpu": None}
            progress = {"epoch": 2, "epochs": 40, "step": 3, "steps_per_epoch": 11, "seconds": 1.0, "eta_seconds": 9.0}
            owner.write_progress({**progress, "telemetry": telemetry})
            owner.append_history([epoch(1)])
            await until(pilot, lambda: "t train (as seen) 1.000" in screen_text(app))
            assert "epoch 2/40  batch 3/11   1 s gone, 9 s left" in screen_text(app)
            assert "cpu 98 %, 256 MiB" in screen_text(app)
            assert "v: 150 images: 51 % means 43-59 %" in screen_text(app)
            owner.append_history([epoch(number) for number in range(2, 21)])
            await until(pilot, lambda: "t train (as seen) 0.050" in screen_text(app))
            owner.cut_history(10)  # resumed elsewhere
            await until(pilot, lambda: "t train (as seen) 0.100" in screen_text(app))
            owner.update(state="failed", failure={"kind": "diverged", "reason": "the loss is not finite", "epoch": 11})
            owner.clear_progress()
        await until(pilot, lambda: "failed: the loss is not finite" in screen_text(app))
        await until(pilot, lambda: "×" in chart_text(app))
        assert "a lower lr" in screen_text(app)

    act(store, story)


def test_a_value_that_is_no_number_is_a_gap_with_its_mark(store: RunStore) -> None:
    run = make(store, "broken")
    records: list[dict[str, Any]] = [epoch(number) for number in range(1, 41)]
    split = records[19]["train"]
    records[19] = {**records[19], "train": {**split, "loss": {"mean": math.nan, "p25": None, "p75": None}}}
    with run.own() as owner:
        owner.cut_history(0)
        owner.append_history(records)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_curves(app, pilot)
        await until(pilot, lambda: "×" in chart_text(app))
        assert "×" not in chart_text(app, "accuracy")

    act(store, story)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "queued"}, "queued, 1 of 1; nothing trains"),
        ({"state": "training"}, "interrupted: nobody trains it"),
        ({"state": "failed", "failure": {"kind": "error", "reason": "no such class"}}, "failed: no such class"),
        ({"state": "stopped", "summary": None}, "stopped before it began"),
    ],
)
def test_there_is_no_empty_frame(store: RunStore, changes: dict[str, Any], words: str) -> None:
    run = make(store, "run")
    with run.own() as owner:
        owner.cut_history(0)
        owner.update(**{"summary": None, **changes})

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await open_curves(app, pilot, words)
        assert screen.query_one(Instead).display
        await until(pilot, lambda: words in "\n".join(row.text for row in screen.query_one(Instead).rows))
        for key in ("h", "l", "x", "z", "v", "plus", "minus", "0", "tab", "enter", "escape"):
            await pilot.press(key)
        assert isinstance(app.screen, CurvesScreen)

    act(store, story)


def test_a_damaged_run_shows_what_is_left_of_it_and_why(store: RunStore, three: list[Run]) -> None:
    (three[2].path / "run.json").write_text("{")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_curves(app, pilot, "damaged: run.json: not JSON")
        await until(pilot, lambda: "as seen" in screen_text(app))

    act(store, story)


def test_with_no_run_at_all_it_says_what_to_press(store: RunStore) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_curves(app, pilot, "no run yet")

    act(store, story)


def test_news_that_change_nothing_send_nothing_and_an_epoch_sends_its_cells(store: RunStore) -> None:
    run = make(store, "live")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        with run.own() as owner:
            owner.cut_history(20)
            owner.update(state="training", summary=None)
            owner.write_progress({"epoch": 21, "epochs": 40, "step": 1, "steps_per_epoch": 2})
            screen = await open_curves(app, pilot)
            chart = screen.query_one("#loss", Chart)
            await until(pilot, lambda: chart.rows)
            painted: list[Any] = []
            refresh = chart.refresh
            chart.refresh = lambda *regions, **k: (painted.append(regions), refresh(*regions, **k))[1]  # type: ignore
            screen._draw()
            assert painted == []
            owner.append_history([epoch(21), epoch(22)])
            await until(pilot, lambda: painted)
            assert all(region.height == 1 for region in painted[0])
            assert sum(region.width for region in painted[0]) < 40

    act(store, story)


def test_the_layout_survives_every_size(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await open_curves(app, pilot)
        for size in ((1, 1), (300, 90), (60, 15), (161, 45), (20, 60), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await until(pilot, lambda: chart_text(app).startswith(" Loss"))
        assert screen.query_one("#loss", Chart).size.width == 40
        assert "t train (as seen)" in screen_text(app)

    act(store, story)


def test_every_key_of_the_screen_is_told() -> None:
    for binding in CurvesScreen.BINDINGS:
        assert isinstance(binding, Binding)
        assert binding.tooltip
        assert hasattr(CurvesScreen, f"action_{binding.action.partition('(')[0]}")


def test_a_long_reason_stands_whole_beside_its_remedy_with_curves_and_without(store: RunStore) -> None:
    run = make(store, "blown-up")
    reason = "NaN loss in epoch 3 at step 27, after the learning rate rose to 12.5 and the gradient's norm to inf"
    with run.own() as owner:
        owner.update(state="failed", summary=None, failure={"kind": "diverged", "reason": reason})

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("3")
        await until(pilot, lambda: f"failed: {reason}" in " ".join(screen_text(app).split()))
        assert "n: set up the same with a lower lr" in screen_text(app)

    act(store, story)
    (run.path / "history.jsonl").unlink()
    act(store, story)
