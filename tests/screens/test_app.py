"""The screens, driven by keys, on real run folders."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import Screen

from engine.store import Run, RunStore
from tests.screens.stage import SIZES, act, make, screen_text, until
from tui.app import LabApp
from tui.farewell import farewell
from tui.palette import Palette
from tui.screens.ask import Details
from tui.screens.compare import CompareScreen
from tui.screens.curves import CurvesScreen
from tui.screens.new import NewScreen
from tui.screens.report import ReportScreen
from tui.screens.runs import RunsScreen
from tui.widgets.lines import Lines


@pytest.mark.parametrize("size", SIZES)
def test_every_screen_opens_at_every_size(store: RunStore, three: list[Run], size: tuple[int, int]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        for key, kind in (("3", CurvesScreen), ("4", CompareScreen), ("5", ReportScreen), ("1", RunsScreen)):
            await pilot.press(key)
            await until(pilot, lambda kind=kind: isinstance(app.screen, kind))
            assert "too small" in screen_text(app) if size == (30, 8) else "cnnlab" in screen_text(app)
        await pilot.resize_terminal(1, 1)
        await pilot.resize_terminal(*size)
        expected = "too small: 30x8, not 60x15" if size == (30, 8) else "run-"
        await until(pilot, lambda: expected in screen_text(app))

    act(store, story, size)


def test_the_cursor_marks_and_the_reference_are_the_same_on_all_screens(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        assert app.selection.cursor == three[2].id
        await pilot.press("j", "p", "space")
        assert app.selection.reference == three[1].id
        assert list(app.selection.marks) == [three[1].id]
        assert app.selection.cursor == three[0].id
        await pilot.press("space", "4")
        await until(pilot, lambda: "2 runs: the marked ones" in screen_text(app))
        text = " ".join(screen_text(app).split())
        assert "Pick: max" in text
        assert "compares two models, not two tactics" in text
        await pilot.press("escape", "k", "3")
        await until(pilot, lambda: "run-max" in screen_text(app))
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "run-stride" in screen_text(app))

    act(store, story)


def test_a_live_run_is_followed_and_asked(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        run = three[2]
        with run.own() as owner:
            owner.update(state="training")
            progress = {"epoch": 5, "epochs": 40, "step": 1, "steps_per_epoch": 2, "loss": 0.5, "accuracy": 0.8}
            owner.write_progress({"heartbeat": 1, "seconds": 1.0, "images_per_second": 900.0, **progress})
            await until(pilot, lambda: "train 11%" in screen_text(app))
            await pilot.press("S")
            await until(pilot, lambda: "End run-avg now?" in screen_text(app))
            await pilot.press("enter")
            assert owner.take_requests() == []
            await pilot.press("S")
            await until(pilot, lambda: "End run-avg now?" in screen_text(app))
            await pilot.press("y")
            await until(pilot, lambda: [request.kind for request in owner.take_requests()] == ["stop"])
            await pilot.press("3")
            await until(pilot, lambda: "epoch 5/40" in screen_text(app))

    act(store, story)


CORPUS = [
    "[/red]",
    "[@click=app.quit]x[/]",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J",
    "\u202eabc",
    "a\nb",
    "\x9b31m",
    "漢字" * 90,
]


@pytest.mark.parametrize("name", CORPUS)
def test_hostile_names_are_text_on_every_screen(store: RunStore, name: str) -> None:
    for pooling in ("max", "avg"):
        make(store, name, pooling, study={"id": "20260101-000000-aaaa", "name": name, "kind": "pooling", "label": name})

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        for key in ("1", "3", "4", "5"):
            await pilot.press(key)
            await pilot.pause(0.05)
            assert not set(screen_text(app)) & set("\x1b\x07\x9b\u202e")
        assert app.is_running

    act(store, story)


def test_a_folder_that_is_none_is_told_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def play() -> None:
        app = LabApp(RunStore(tmp_path / "file"))
        async with app.run_test() as pilot:
            await until(pilot, lambda: "is not a folder" in app.status.details)
            assert "enter: details" in screen_text(app)

    asyncio.run(play())


def test_every_action_exists_and_no_key_clashes() -> None:
    for screen in (RunsScreen, NewScreen, CurvesScreen, CompareScreen, ReportScreen):
        bound: dict[str, str] = {}
        for owner in (LabApp, screen):
            for binding in owner.BINDINGS:
                assert isinstance(binding, Binding)
                name = binding.action.partition("(")[0].removeprefix("app.")
                home = LabApp if binding.action.startswith("app.") else owner
                assert hasattr(home, f"action_{name}"), binding
                for key in binding.key.split(","):
                    taken = bound.setdefault(key, binding.action)
                    # on Runs enter is one of the two: `check_action` lets the study begin only where there is no run
                    assert {taken, binding.action} <= {"open", "first_study"} or taken == binding.action, (screen, key)


def test_leaving_says_what_goes_on(store: RunStore, three: list[Run]) -> None:
    assert farewell(store.runs(), store.root) == ""
    queued = store.create({"dataset": {}, "model": {}, "training": {}}, fingerprint="f", name="x")
    assert f"cnnlab follow {queued.id} --runs {store.root}" in farewell(store.runs(), store.root)


def test_the_app_never_imports_torch(store: RunStore, three: list[Run]) -> None:
    code = (
        "import asyncio, sys\n"
        "from engine.store import RunStore\nfrom tui.app import LabApp\n"
        "async def play():\n"
        "    app = LabApp(RunStore(sys.argv[1]))\n"
        "    async with app.run_test() as pilot:\n"
        "        for key in ('3', '4', '5', '1'):\n"
        "            await pilot.press(key); await pilot.pause(0.2)\n"
        "asyncio.run(play())\n"
        "print(sorted({'torch', 'sklearn', 'pandas', 'onnx', 'scipy.stats'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(store.root)], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_lines_scroll_and_a_repaint_that_changes_nothing_sends_nothing(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("space", "space", "4")
        await until(pilot, lambda: "Pick" in screen_text(app))
        lines = app.screen.query_one(Lines)
        painted: list[object] = []
        original = lines.refresh
        lines.refresh = lambda *a, **k: (painted.append(a), original(*a, **k))[1]  # type: ignore[method-assign]
        app.screen.show_runs(app.runs)  # type: ignore[attr-defined]
        assert painted == []

    act(store, story)


@pytest.mark.parametrize("over", [None, Details, Palette])
def test_two_sizes_that_come_together_are_followed_by_rest(store: RunStore, over: type[Screen[Any]] | None) -> None:
    """Of each layout Textual tells the screen its size again; two would chase each other for ever."""
    layouts = 0

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        nonlocal layouts
        if over is not None:
            await app.push_screen(over(*(("a panel", ["one line"]) if over is Details else ())))
        await pilot.resize_terminal(100, 30)
        reflow, screen = app.screen._compositor.reflow, app.screen

        def counted(*arguments: Any) -> Any:
            nonlocal layouts
            layouts += 1
            return reflow(*arguments)

        screen._compositor.reflow = counted  # type: ignore[method-assign]
        for size in (Size(40, 4), Size(90, 20), Size(100, 30)):
            app._size = size
            screen.post_message(events.Resize(size, size))
            screen.post_message(events.Callback(callback=lambda: None))  # neighbours would become one
        await pilot.pause()  # until nothing is left to be done, which would never be
        assert screen.size == (100, 30)

    act(store, story, (80, 24))
    assert layouts < 8
