"""Runs: the table and its keys."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from engine.experiment import Experiment
from engine.preparation import prepare
from engine.store import Run, RunStore
from tests.screens.stage import act, make, screen_text, until
from tui import first_study
from tui.app import LabApp
from tui.feed import Feed
from tui.messages import RunsRead
from tui.screens import runs as runs_screen
from tui.screens.ask import Details
from tui.screens.curves import CurvesScreen
from tui.screens.runs import RunsScreen
from tui.widgets.run_table import RunTable

EXPERIMENT: dict[str, Any] = {
    "dataset": {"name": "digits", "classes": ["0", "1"]},
    "model": {"name": "lab", "pooling": "max"},
    "training": {"epochs": 40, "seed": 0},
}


def table(app: LabApp) -> RunTable:
    return app.screen.query_one(RunTable)


def under_cursor(app: LabApp) -> str:
    run = table(app).run
    assert run is not None
    return run.name


def row_of(app: LabApp, name: str) -> str:
    return next(line for line in screen_text(app).splitlines() if name in line)


def shown(app: LabApp) -> list[str]:
    """The names in the table, from above."""
    lines = screen_text(app).splitlines()[3 : 3 + table(app).size.height - 1]
    return [line[14:].split()[0] for line in lines if line.strip()]


async def with_traces(app: LabApp, pilot: Pilot[None], *runs: Run) -> None:
    await until(pilot, lambda: {run.id for run in runs} <= app.seen.traces.keys())


def test_an_empty_home_says_what_to_press_and_what_was_found(store: RunStore) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No runs in runs/" in screen_text(app))
        assert "enter" in screen_text(app)
        await until(pilot, lambda: "gpu: none" in screen_text(app) or "gpu: NVIDIA" in screen_text(app))

    act(store, story)
    assert not store.root.exists()


def test_enter_on_an_empty_home_queues_the_first_study(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_study, "put_to_work", lambda store, runs: [])

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No runs in runs/" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "9 runs are queued" in screen_text(app))
        await until(pilot, lambda: "queued 1" in screen_text(app))
        assert "stride s=0" in screen_text(app)
        await until(pilot, lambda: len(app.runs) == 9)
        assert under_cursor(app) == "digits-10-stride-s0"  # which trains first
        await pilot.press("k")
        assert under_cursor(app) == "digits-10-max-s0"

    act(store, story)


def test_who_goes_to_the_curves_at_once_sees_the_first_run_of_the_first_study(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_study, "put_to_work", lambda store, runs: [])

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No runs in runs/" in screen_text(app))
        await pilot.press("enter", "3")
        await until(pilot, lambda: len(app.runs) == 9)
        await until(pilot, lambda: "digits-10-stride-s0" in screen_text(app))

    act(store, story)


def test_the_first_study_needs_no_data_to_be_prepared() -> None:
    experiment = Experiment.build(first_study.FIRST_SETTINGS)
    assert (
        prepare(experiment)[0] == experiment == prepare(Experiment.build({"training": {"epochs": 60, "lr": 0.05}}))[0]
    )


def test_a_run_is_a_row_of_numbers_with_its_curve(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await with_traces(app, pilot, *three)
        await until(pilot, lambda: "█" in row_of(app, "run-max"))
        words = row_of(app, "run-max").split()
        assert words[:5] == ["finished", "run-max", "max", "90.0", "30"]
        assert words[-3:] == ["0.0", "0:12", "0m"]
        assert "test 80.0 % (n 100: 71-87)" in screen_text(app)

    act(store, story)


def test_without_unicode_the_curve_is_ascii(store: RunStore, three: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await with_traces(app, pilot, *three)
        await until(pilot, lambda: "#" in row_of(app, "run-max"))
        assert "█" not in screen_text(app)

    act(store, story)


def test_filter_is_live_and_its_mistakes_are_said_beside_it(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"test>0.75")
        await until(pilot, lambda: "2 of 3" in screen_text(app))
        assert "run-stride" not in screen_text(app)
        await pilot.press("enter", "j", "escape")
        await until(pilot, lambda: "3 of 3" in screen_text(app))
        await pilot.press("slash", *"poling:max")
        await until(pilot, lambda: "did you mean pooling?" in screen_text(app))
        await pilot.press("escape", "slash", *"nothing")
        await until(pilot, lambda: "nothing passes the filter" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "run-stride" in screen_text(app))

    act(store, story)


def test_s_sorts_by_the_column_then_reversed_then_not(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        assert shown(app) == ["run-avg", "run-max", "run-stride"]
        await pilot.press("s")
        assert shown(app) == ["run-max", "run-avg", "run-stride"]
        assert under_cursor(app) == "run-avg"  # the cursor stays on its run
        assert "vval %" in screen_text(app)
        await pilot.press("s")
        assert shown(app) == ["run-stride", "run-avg", "run-max"]
        assert "turned round" in screen_text(app)
        await pilot.press("s")
        assert "newest first" in screen_text(app)
        await pilot.press("h", "h", "s")
        assert app.selection.sort == "name"
        assert shown(app) == ["run-avg", "run-max", "run-stride"]
        await pilot.press("l", "l", "l", "l", "s")
        await until(pilot, lambda: "cannot be sorted by val curve" in screen_text(app))

    act(store, story)


def test_a_sorted_list_moves_only_when_the_keyboard_is_quiet(
    store: RunStore, three: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_screen, "_QUIET_SECONDS", 1e9)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("s")
        make(store, "newcomer", accuracy=1.0)
        await until(pilot, lambda: "newcomer" in screen_text(app))
        assert shown(app)[-1] == "newcomer"
        monkeypatch.setattr(runs_screen, "_QUIET_SECONDS", 0.0)
        make(store, "worst", accuracy=0.1)
        await until(pilot, lambda: shown(app) == ["newcomer", "run-max", "run-avg", "run-stride", "worst"])

    act(store, story)


def test_views_and_splits_change_the_columns(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        for heading in ("test %", "train %", "val %"):
            await pilot.press("t")
            assert heading in screen_text(app)
        await pilot.press("v")
        assert "s/epoch" in screen_text(app)
        await pilot.press("v")
        assert "pooling" in screen_text(app)
        await pilot.press("v")
        assert "val curve" in screen_text(app)

    act(store, story)


def test_marks_are_counted_and_all_that_are_shown_can_be_marked(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("space")
        assert under_cursor(app) == "run-max"
        assert row_of(app, "run-avg").startswith(" x")
        await pilot.press("k", "p")
        assert row_of(app, "run-avg").startswith(">X*")
        await pilot.press("slash", *"stride", "enter", "a")
        await until(pilot, lambda: "2 marked" in screen_text(app))  # the filter keeps marks
        await pilot.press("a")
        await until(pilot, lambda: "1 marked" in screen_text(app))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: "marked" not in screen_text(app))

    act(store, story)


def test_brackets_find_the_running_runs(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "no run trains below" in screen_text(app))
        with three[0].own() as owner:
            owner.update(state="training")
            await until(pilot, lambda: app.seen.live)
            await pilot.press("right_square_bracket")
            assert under_cursor(app) == "run-stride"
            await pilot.press("right_square_bracket")
            await until(pilot, lambda: "no run trains below" in screen_text(app))

    act(store, story)


def test_a_live_run_shows_how_far_it_is_and_its_best_so_far(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        run = three[2]
        with run.own() as owner:
            telemetry = {"cpu_percent": 98.0, "rss_bytes": 1 << 30, "gpu": None}
            progress = {"epoch": 5, "epochs": 40, "step": 1, "steps_per_epoch": 2, "loss": 0.5, "accuracy": 0.8}
            owner.write_progress(
                {"heartbeat": 1, "seconds": 44.0, "eta_seconds": 27.0, **progress, "telemetry": telemetry}
            )
            owner.update(state="training", summary=None)
            await until(pilot, lambda: "train 11%" in row_of(app, "run-avg"))
            await until(pilot, lambda: "90.0   40" in row_of(app, "run-avg"))
            assert "epoch 5 of 40, 0:44, about 0:27 left" in screen_text(app)
            assert "test: looked at once, when the run ends" in screen_text(app)
            assert "1.0/" in screen_text(app).splitlines()[0]
            assert "1 run" in screen_text(app).splitlines()[0]

    act(store, story)


def test_a_run_that_starts_says_what_it_waits_for_and_how_long(
    store: RunStore, three: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        with three[2].own() as owner:
            owner.update(state="starting", summary=None)
            owner.cut_history(0)
            owner.write_progress({"heartbeat": 0, "phases": [{"name": "importing torch", "seconds": None}]})
            await until(pilot, lambda: re.search(r"importing torch \d+ s", row_of(app, "run-avg ")))
            began = (three[2].path / "progress.json").stat().st_mtime
            monkeypatch.setattr(runs_screen, "time", SimpleNamespace(time=lambda: began + 7.2))
            await until(pilot, lambda: "importing torch 7 s" in row_of(app, "run-avg "))
            assert "starting: importing torch 7 s" in screen_text(app)

    act(store, story)


def test_what_enter_does_is_said_however_long_the_reason(store: RunStore, three: list[Run]) -> None:
    with three[2].own() as owner:
        owner.update(state="failed", failure={"kind": "diverged", "reason": "a long reason " * 9})

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: screen_text(app).count("…  enter: why") == 2)
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: screen_text(app).count("…  enter: why") == 2)

    act(store, story)


def test_a_run_without_numbers_says_why_and_enter_says_more(store: RunStore, three: list[Run]) -> None:
    with three[2].own() as owner:
        owner.update(state="failed", failure={"kind": "diverged", "reason": "NaN loss [/b]", "step": 27})
    (three[2].path / "worker.log").write_text("Traceback\n\x1b[2Jlast words\n")
    (three[1].path / "run.json").write_text("{")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "NaN loss [/b].  enter: why" in screen_text(app))
        assert "run.json: not JSON" in row_of(app, "damaged")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Details))
        assert "\\x1b[2Jlast words" in screen_text(app)
        assert "step             27" in screen_text(app)
        await pilot.press("escape", "j", "enter")
        await until(pilot, lambda: "as they were" in screen_text(app))
        await pilot.press("escape", "j", "enter")
        await until(pilot, lambda: isinstance(app.screen, CurvesScreen))

    act(store, story)


def test_a_new_run_appears_and_the_cursor_stays_on_its_run(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("j")
        make(store, "newcomer")
        await until(pilot, lambda: "newcomer" in screen_text(app))
        assert under_cursor(app) == "run-max"

    act(store, story)


def test_a_key_that_was_pressed_as_runs_arrived_is_not_taken_back(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        table(app).action_move(1)
        cast(RunsScreen, app.screen).show_runs(app.runs)  # before the table's message has been read
        assert under_cursor(app) == "run-max"
        assert app.selection.cursor == three[1].id

    act(store, story)


def test_a_folder_that_was_out_of_reach_comes_back_with_its_cursor(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("j")
        seen = app.seen
        app.take_runs(RunsRead(replace(seen, runs=(), trouble="runs: not there now")))
        app.take_runs(RunsRead(seen))
        assert app.selection.cursor == three[1].id

    act(store, story)


def test_a_scrolled_list_stands_still_when_runs_arrive(store: RunStore) -> None:
    for number in range(30):
        store.create(EXPERIMENT, fingerprint="f", name=f"run-{number:02}")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("G", "k")
        before = screen_text(app).splitlines()
        place = next(y for y, line in enumerate(before) if line.startswith(">"))
        store.create(EXPERIMENT, fingerprint="f", name="newcomer")
        await until(pilot, lambda: "31 of 31" in screen_text(app))
        assert under_cursor(app) == "run-01"
        assert screen_text(app).splitlines()[place].startswith(">")

    act(store, story)


def test_the_mouse_selects_sorts_and_scrolls(store: RunStore) -> None:
    for number in range(30):
        make(store, f"run-{number:02}", accuracy=number / 30)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.click(RunTable, offset=(20, 3))
        assert under_cursor(app) == "run-27"
        heading = screen_text(app).splitlines()[2]
        for sort in ("validation_accuracy", "-validation_accuracy"):
            await pilot.click(RunTable, offset=(heading.index("val %") + 1, 0))
            assert app.selection.sort == sort
        app.screen.query_one(RunTable)._show_from(10)
        await until(pilot, lambda: shown(app)[0] == "run-10")
        assert under_cursor(app) == "run-27"
        first_line = screen_text(app).splitlines()[0]
        await pilot.click(offset=(first_line.index("Curves"), 0))
        await until(pilot, lambda: isinstance(app.screen, CurvesScreen))

    act(store, story)


def painted(widget: Any) -> list[Any]:
    """What a widget asks to have repainted from now on."""
    asked: list[Any] = []
    original: Callable[..., Any] = widget.refresh
    widget.refresh = lambda *regions, **how: (asked.extend(regions or ("all",)), original(*regions, **how))[1]
    return asked


def test_only_cells_that_changed_are_painted(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await with_traces(app, pilot, *three)
        await pilot.pause(0.1)
        asked = painted(table(app))
        app.screen.show_runs(app.runs)  # type: ignore[attr-defined]
        assert asked == []
        with three[0].own() as owner:
            owner.update(name="run-stripe")
        await until(pilot, lambda: "run-stripe" in screen_text(app))
        assert [(region.y, region.height, region.width) for region in asked] == [(3, 1, 1)]

    act(store, story)


def test_cells_are_made_for_visible_rows_only(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        store.create(EXPERIMENT, fingerprint="f", name=f"run-{number:02}")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        made: set[str] = set()
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        original = screen._row
        monkeypatch.setattr(screen, "_row", lambda run: (made.add(run.name), original(run))[1])
        await pilot.press("slash", *"run", "enter", "s", "j", "v")
        assert 0 < len(made) <= table(app).size.height
        assert app.seen.traces.keys() <= {run.id for run in app.runs[:20]}

    act(store, story)


def test_a_folder_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        def words() -> str:
            return " ".join(screen_text(app).split())

        await until(pilot, lambda: "is not a folder; give one with --runs" in words())
        await pilot.press("j")
        assert "is not a folder; give one with --runs" in words()  # it stays: no screen is an empty frame

    act(RunStore(tmp_path / "file"), story)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; the next test stands in")
def test_a_read_only_folder_opens_and_says_so(store: RunStore, three: list[Run]) -> None:
    store.root.chmod(0o500)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "runs/ (read-only)" in screen_text(app))

    act(store, story)


def test_why_nothing_can_be_written_is_told_once(
    store: RunStore, three: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK and access(path, mode))

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "is read-only; give another folder" in app.status.text)
        assert "runs/ (read-only)" in screen_text(app)
        await pilot.press("j")
        await until(pilot, lambda: not app.status.text)
        assert "run-max" in screen_text(app)

    act(store, story)


def test_a_wide_terminal_shows_the_curves_of_the_run_beside_the_list(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "Accuracy, %" in screen_text(app))
        assert set(app.seen.histories) == {three[2].id}
        await pilot.press("j")
        await until(pilot, lambda: set(app.seen.histories) == {three[1].id})
        for width in (100, 200, 139, 140, 80):
            await pilot.resize_terminal(width, 40)
        await until(pilot, lambda: "Accuracy, %" not in screen_text(app))
        await until(pilot, lambda: not app.seen.histories)

    act(store, story, (160, 40))


def test_a_run_of_a_newer_format_is_shown_as_one_and_says_on_every_screen_why_nothing_can_be_done_with_it(
    store: RunStore,
) -> None:
    run = make(store, "ours")
    (run.path / "run.json").write_text(json.dumps({"format": 99}))
    (run.path / "report.json").unlink()

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: any(line.startswith(">  newer") for line in screen_text(app).splitlines()))
        assert row_of(app, ">  newer").rstrip().endswith("enter: details")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Details) and "format 99" in screen_text(app))
        await pilot.press("escape", "n")
        await until(pilot, lambda: "are not known" in screen_text(app))
        assert isinstance(app.screen, RunsScreen)
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, CurvesScreen) and "format 99" in screen_text(app))
        assert "resume" not in screen_text(app)
        await pilot.press("4")
        await until(pilot, lambda: "Nothing can be compared with" in screen_text(app))
        await pilot.press("5")
        await until(pilot, lambda: "Report" in screen_text(app).splitlines()[0] and "format 99" in screen_text(app))

    act(store, story)


def test_a_long_reason_is_cut_and_what_enter_does_is_not(store: RunStore) -> None:
    run = make(store, "blown-up")
    reason = "NaN loss in epoch 3 at step 27, after the learning rate rose to 12.5, " * 2
    with run.own() as owner:
        owner.update(state="failed", summary=None, failure={"kind": "diverged", "reason": reason})

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: row_of(app, "blown-up").rstrip().endswith("…  enter: why"))

    act(store, story)


def test_of_an_interrupted_run_80_columns_show_what_to_press_and_its_best_epoch(
    store: RunStore, three: list[Run]
) -> None:
    with three[2].own() as owner:
        owner.update(state="training", summary={**(three[2].summary or {}), "images": {"validation": 5_000}})

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(
            pilot,
            lambda: "interrupted; P lets it go on     best val 80.0 % (n 5,000: 79-81) at epoch 30" in screen_text(app),
        )

    act(store, story)


def test_an_empty_home_offers_only_the_keys_that_have_a_meaning_there(store: RunStore) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "enter Three poolings" in screen_text(app))
        keys = " ".join(screen_text(app).splitlines()[-2:])
        assert keys.split()[:3] == ["enter", "Three", "poolings"]
        assert not any(word in keys for word in ("Curves", "Mark", "Filter", "Pause", "Stop", "Export", "Trash"))
        make(store, "first")
        await until(pilot, lambda: "enter Curves" in screen_text(app) and "P Pause" in screen_text(app))

    act(store, story)


def test_until_the_folder_is_read_the_list_counts_nothing_and_enter_starts_nothing(
    store: RunStore, three: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Feed, "start", lambda feed: None)

    async def play() -> None:
        app = LabApp(store)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: "reading runs/" in screen_text(app))
            await pilot.press("enter")
            assert "0 of 0" not in screen_text(app)
            assert "queueing" not in screen_text(app)

    asyncio.run(play())


def test_d_names_the_files_of_a_run_and_the_end_of_its_log(store: RunStore, three: list[Run]) -> None:
    (three[2].path / "worker.log").write_text("a line\nCUDA initialised\n")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Details))
        await pilot.press("G")
        await until(pilot, lambda: "CUDA initialised" in screen_text(app))
        assert re.search(r"worker.log +24 bytes", screen_text(app))

    act(store, story)
