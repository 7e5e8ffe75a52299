"""Setting up a run: the form, its classes, its data, and what it starts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from engine.data.class_names import CIFAR100, CIFAR100_SUPERCLASSES
from engine.data.fetch import Progress
from engine.errors import DataError
from engine.execution.phases import Phases
from engine.store import Run, RunStore
from tests.screens.stage import SIZES, act, make, screen_text, until
from tui.app import LabApp
from tui.screens.new import NewScreen
from tui.screens.runs import RunsScreen
from tui.widgets.row_list import RowList

GROUP = {name: group for group, members in CIFAR100_SUPERCLASSES.items() for name in members}


def described(name: str, *, here: bool = True) -> dict[str, Any]:
    names = CIFAR100 if name == "cifar100" else tuple("0123456789")
    counts = {"train": 500, "test": 100} if here else {"train": None, "test": None}
    entries = [{"index": n, "name": one, "superclass": GROUP.get(one), **counts} for n, one in enumerate(names)]
    return {"name": name, "image_shape": [32, 32, 3], "classes": entries}


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Data sets described at once, without a process: `digits` is here, of the others this says whether."""
    here = {"digits": True, "cifar100": True, "cifar10": True}

    def describe(name: str, data_dir: Path | None = None) -> dict[str, Any]:
        return described(name, here=here[name])

    def samples(name: str, wished: str, data_dir: Path | None = None, count: int = 8) -> Any:
        return np.full((count, 32, 32, 3), 100, np.uint8)

    monkeypatch.setattr("engine.data.apart.describe_apart", describe)
    monkeypatch.setattr("engine.data.class_samples", samples)
    return here


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.form.start.put_to_work", lambda store, runs, lanes: [])


def form_of(app: LabApp) -> NewScreen:
    assert isinstance(app.screen, NewScreen)
    return app.screen


async def opened(app: LabApp, pilot: Pilot[None], key: str = "N") -> NewScreen:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, NewScreen))
    screen = form_of(app)
    await until(pilot, lambda: screen.desk.data is not None and screen.desk.data.is_here)
    await until(pilot, lambda: "S starts" in screen_text(app))
    return screen


async def go_to(app: LabApp, pilot: Pilot[None], field: str) -> None:
    app.screen.query_one(RowList).go_to(field)
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
def test_it_opens_at_every_size(store: RunStore, size: tuple[int, int]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, NewScreen))
        if size[0] >= 60:
            await until(pilot, lambda: "S starts 1 run (seed 0)" in screen_text(app))
            assert "> data set" in screen_text(app)
        await pilot.resize_terminal(1, 1)
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: ("data set" if size[0] >= 60 else "too small") in screen_text(app))

    act(store, story, size)


def test_the_network_follows_each_key(store: RunStore) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        await until(pilot, lambda: "23,498 parameters, 1.34 M mul-adds" in screen_text(app))
        await go_to(app, pilot, "model.pooling")
        await pilot.press("h")
        assert screen.desk.form.texts["model.pooling"] == "stride"
        await until(pilot, lambda: "23,498 parameters, 0.23 M mul-adds" in screen_text(app))
        await pilot.press("j", "6")
        await until(pilot, lambda: "! filters" not in screen_text(app) and "conv 5x5 /4" in screen_text(app))
        await pilot.press("4", "enter")
        await until(pilot, lambda: "83,850 parameters" in screen_text(app))
        assert screen.desk.form.texts["model.hidden_size"] == "64"

    act(store, story)


def test_a_form_like_a_run_says_what_is_changed_and_takes_it_back(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot, "n")
        await until(pilot, lambda: "New run, like run-avg" in screen_text(app))
        assert screen.desk.form.texts["dataset.classes"] == "0, 1"
        await go_to(app, pilot, "training.lr")
        await pilot.press("l")
        await until(pilot, lambda: "~ 1 changed" in screen_text(app))
        assert "~ 0.01 (was 0.005)" in screen_text(app)
        await pilot.press("k", "k", "right_square_bracket")
        assert screen.at == "training.lr"
        await pilot.press("equals_sign")
        await until(pilot, lambda: "changed" not in screen_text(app).splitlines()[1])
        await pilot.press("u")
        await until(pilot, lambda: "~ 1 changed" in screen_text(app))
        await pilot.press("N")
        await until(pilot, lambda: "like run-avg" not in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: "New run, like run-avg   ~ 1 changed" in screen_text(app))

    act(store, story)


def test_a_wrong_value_is_told_beside_its_row_and_starts_nothing(store: RunStore) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        await go_to(app, pilot, "training.epochs")
        await pilot.press("0")
        await until(pilot, lambda: "! 0 is not in 1 … 1,000,000" in screen_text(app))
        await pilot.press("escape")
        assert screen.desk.form.texts["training.epochs"] == "500"
        await pilot.press("enter", *["backspace"] * 3, *"many", "enter")
        await pilot.press("g", "S")
        await until(pilot, lambda: "training.epochs: 'many' is not a whole number" in screen_text(app))
        assert screen.at == "training.epochs"
        for key in "yw":
            await pilot.press(key)
            await until(pilot, lambda: "! training.epochs" in screen_text(app).splitlines()[-3])
        assert store.runs() == []

    act(store, story)


def test_the_newcomer_s_path_ends_at_three_queued_runs(
    store: RunStore, no_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.preparation.prepare", lambda experiment, data_dir: (experiment, None))
    monkeypatch.setattr("engine.data.absent.is_to_be_fetched", lambda name, data_dir: False)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot, "n")
        await pilot.press("l", "l")
        await until(pilot, lambda: screen.desk.data is not None and screen.desk.data.name == "cifar100")
        await pilot.press("slash", *"app", "space", *["backspace"] * 3, *"baby", "space")
        assert screen.desk.form.texts["dataset.classes"] == "apple, baby"
        await pilot.press("escape")
        await until(pilot, lambda: "apple, baby" in screen_text(app) and "= 100 images" in screen_text(app))
        await pilot.press("V")
        await until(pilot, lambda: "S starts 3 runs (seed 0)" in screen_text(app))
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        await until(pilot, lambda: screen_text(app).count("queued") >= 3)
        await until(pilot, lambda: "3 runs are queued   u: undo" in screen_text(app))
        runs = store.runs()
        assert [run.study["label"] for run in reversed(runs) if run.study] == ["stride", "max", "avg"]
        assert {run.study["kind"] for run in runs if run.study} == {"pooling"}
        assert app.selection.cursor == runs[-1].id
        await pilot.press("u")
        await until(pilot, lambda: "3 queued runs in the trash" in screen_text(app))
        assert store.runs() == []

    act(store, story)


def test_a_start_that_is_refused_says_why_and_stays(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await opened(app, pilot)
        await pilot.press("S")
        await until(
            pilot, lambda: "is read-only; give another folder with --runs" in " ".join(screen_text(app).split())
        )
        assert isinstance(app.screen, NewScreen)

    act(store, story, (160, 40))


def test_a_run_begun_is_shown_though_a_filter_would_hide_it(store: RunStore, three: list[Run], no_worker: None) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"run-avg", "enter")
        await opened(app, pilot)
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and "digits-10-max-s0" in screen_text(app))

    act(store, story)


def test_classes_are_ticked_one_by_one_by_superclass_and_all_shown(store: RunStore) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        await pilot.press("l", "l")
        await until(pilot, lambda: screen.desk.data is not None and screen.desk.data.name == "cifar100")
        await pilot.press("j", "enter")
        await until(pilot, lambda: screen.picking)
        await until(pilot, lambda: "none ticked: all 100 are taken" in screen_text(app))
        assert "> [ ] aquatic mammals" in screen_text(app)
        await pilot.press("space")  # the superclass
        await until(pilot, lambda: "5 of 5" in screen_text(app))
        assert screen.desk.ticked == ("beaver", "dolphin", "otter", "seal", "whale")
        await pilot.press("space")  # its first class; the cursor has gone on
        assert "beaver" not in screen.desk.ticked
        await pilot.press("slash", *"vehicles_1", "enter", "a")
        assert len(screen.desk.ticked) == 9
        await pilot.press("a", "escape", "escape")
        assert screen.desk.ticked == ("dolphin", "otter", "seal", "whale")
        assert screen.at == "dataset.classes"
        await pilot.press("l")
        await pilot.press("a")
        await until(pilot, lambda: "a ticks all classes that are shown" in screen_text(app))

    act(store, story)


def test_samples_of_the_class_under_the_cursor_are_drawn(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await opened(app, pilot)
        await go_to(app, pilot, "dataset.classes")
        await pilot.press("enter", "j")
        signs = "▀" * 10 if os.environ["LANG"] == "C.UTF-8" and not app.no_color else "-" * 10
        await until(pilot, lambda: signs in screen_text(app))

    for language, no_color in (("C.UTF-8", ""), ("C", ""), ("C.UTF-8", "1")):
        monkeypatch.setenv("LANG", language)
        monkeypatch.delenv("LC_ALL", raising=False)
        monkeypatch.delenv("LC_CTYPE", raising=False)
        monkeypatch.delenv("NO_COLOR", raising=False)
        if no_color:
            monkeypatch.setenv("NO_COLOR", no_color)
        act(store, story)


Fetch = Callable[..., Path]


def fetch_with(monkeypatch: pytest.MonkeyPatch, fetch: Fetch) -> None:
    monkeypatch.setattr("engine.data.fetch_dataset", fetch)


def test_data_that_are_not_here_are_fetched_for_the_samples(
    store: RunStore, data: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    data["cifar100"] = False
    go_on, once_more = threading.Event(), threading.Event()

    def fetch(name: str, place: Path, *, progress: Progress) -> Path:
        progress(20 << 20, 161 << 20, "")
        assert go_on.wait(30)
        progress(20 << 20, 161 << 20, "no connection (timed out), try 2 of 5 in 1 s")
        assert once_more.wait(30)
        data["cifar100"] = True
        return place

    fetch_with(monkeypatch, fetch)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        await pilot.press("l", "l")
        await until(pilot, lambda: "! fetch 161 MiB, or --data-dir" in screen_text(app))
        await until(pilot, lambda: "S fetches it first; enter does now, for samples" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "fetching 20 of 161 MiB" in screen_text(app))
        go_on.set()
        await until(pilot, lambda: "no connection (timed out), try 2 of" in screen_text(app))
        once_more.set()
        await until(pilot, lambda: screen.desk.data is not None and screen.desk.data.is_here)
        await until(pilot, lambda: "cifar100 is here" in screen_text(app))

    act(store, story)


def test_a_start_without_data_queues_behind_their_fetch(
    store: RunStore, data: dict[str, bool], no_worker: None, tmp_path: Path
) -> None:
    data["cifar100"] = False

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await opened(app, pilot)
        await pilot.press("l", "l")
        await until(pilot, lambda: "= 5,000 images" in screen_text(app))  # what there will be is known
        await until(pilot, lambda: "S fetches 161 MiB, then starts 1 run (seed 0)" in screen_text(app))
        await pilot.press("y")
        assert "--dataset cifar100" in app.clipboard
        assert app.clipboard.endswith("--fetch --detach")
        await pilot.press("V", "S")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        await until(pilot, lambda: "3 runs are queued behind the fetch of cifar100" in screen_text(app))
        first = store.runs()[-1]
        with first.own() as owner:
            owner.update(state="starting")
            phases = Phases(owner)
            phases.begin("fetching cifar100")
            for done in (43 << 20, 86 << 20):
                phases.tell(fetch={"done_bytes": done, "total_bytes": 161 << 20, "bytes_per_second": 5.2e6})
                words = f"fetching {done >> 20} of 161 MiB, 5.2 MB/s"
                await until(pilot, lambda words=words: words in screen_text(app))  # type: ignore[misc]
            trouble = "no connection (timed out), try 2 of 5 in 3 s"
            phases.tell(fetch={"done_bytes": 86 << 20, "total_bytes": 161 << 20, "trouble": trouble})
            await until(pilot, lambda: f"starting: {trouble}; 86 of 161 MiB are here" in screen_text(app))
            phases.tell(fetch={"done_bytes": 86 << 20, "total_bytes": 161 << 20, "bytes_per_second": 5.2e6})
            await pilot.press("3")
            await until(pilot, lambda: "waiting for epoch 1: fetching 86 of 161 MiB, 5.2 MB/s" in screen_text(app))
            await pilot.press("1")
            owner.clear_progress()
            owner.update(state="queued", waiting="cifar100 not fetched: no connection (timed out) after 5 tries")
        await until(pilot, lambda: "waits: cifar100 not fetched: no connection" in screen_text(app))

    act(store, story, data_dir=tmp_path)


def test_a_fetch_that_fails_is_one_line(
    store: RunStore, data: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    data["cifar100"] = False

    def fetch(name: str, place: Path, *, progress: Progress) -> Path:
        raise DataError("no connection after 5 tries; 3 of 161 bytes are kept")

    fetch_with(monkeypatch, fetch)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await opened(app, pilot)
        await pilot.press("l", "l")
        await until(pilot, lambda: "! fetch 161 MiB" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "! no connection after 5 tries" in screen_text(app))
        await until(pilot, lambda: "! fetch 161 MiB" in screen_text(app))

    act(store, story)


def test_several_values_are_a_study(store: RunStore, no_worker: None) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        await go_to(app, pilot, "training.lr")
        await pilot.press("space")
        await until(pilot, lambda: isinstance(app.focused, Input) and app.focused.value == "0.005, ")
        await pilot.press(*"0.01", "enter")
        await until(pilot, lambda: "New study" in screen_text(app) and "S starts 2 runs" in screen_text(app))
        await go_to(app, pilot, "training.optimizer")
        await pilot.press("space")
        await until(pilot, lambda: "S starts 4 runs" in screen_text(app))
        await go_to(app, pilot, "dataset.name")
        await pilot.press("space")
        await until(pilot, lambda: "a study has one data set" in screen_text(app))
        await go_to(app, pilot, "seeds")
        await pilot.press("l", "l")
        assert screen.desk.form.texts["seeds"] == "0 1 2"
        await until(pilot, lambda: "S starts 12 runs (seeds 0-2)" in screen_text(app))
        await pilot.press("S")
        await until(pilot, lambda: len(store.runs()) == 12)
        assert {run.study["name"] for run in store.runs() if run.study} == {"optimizer x lr"}

    act(store, story)


def test_a_preset_fills_the_form_and_is_taken_back(store: RunStore, no_worker: None) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        await go_to(app, pilot, "training.lr")
        await pilot.press("7", "enter", "g", "l")
        assert screen.at == "preset"
        await until(pilot, lambda: "~ < small-best > (was none)" in screen_text(app))
        await until(pilot, lambda: "A few classes of small images" in screen_text(app))
        await until(pilot, lambda: "Evidence: CIFAR-100" in screen_text(app))
        assert screen.desk.form.texts["model.name"] == "resnet9"
        await until(pilot, lambda: "~ < resnet9 > (was lab)" in screen_text(app))
        await pilot.press("y")
        assert app.clipboard.startswith("cnnlab train --preset small-best --")
        await pilot.press("g", "enter", "x", "enter")  # g: of a long command enter would show the rest
        await until(pilot, lambda: "! there is no preset 'small-bestx' (did you mean" in screen_text(app))
        await pilot.press("equals_sign")
        await until(pilot, lambda: "~ 1 changed" in screen_text(app))
        assert screen.desk.form.texts["model.name"] == "lab"
        assert screen.desk.form.texts["training.lr"] == "7"

    act(store, story, (120, 36))


def test_the_command_is_copied_and_the_settings_are_saved(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await opened(app, pilot)
        await go_to(app, pilot, "training.lr")
        await pilot.press("l", "y")
        await until(pilot, lambda: app.clipboard.startswith("cnnlab train --lr 0.01"))
        assert f"--runs {store.root}" in app.clipboard
        await pilot.press("w")
        await until(pilot, lambda: "settings saved: " in screen_text(app))
        assert tomllib.loads((tmp_path / "digits-run.toml").read_text())["training"]["lr"] == 0.01

    act(store, story)


def test_toml_is_edited_with_its_errors_by_line_and_comes_back_into_the_form(store: RunStore) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        await go_to(app, pilot, "training.lr")
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.focused, TextArea))
        area = app.focused
        assert isinstance(area, TextArea)
        text = area.text
        assert text.splitlines()[area.cursor_location[0]] == "lr = 0.005"
        area.load_text(text.replace("lr = 0.005", "lr = "))
        line = text.splitlines().index("lr = 0.005") + 1
        await until(pilot, lambda: f"! line {line}: Invalid value" in screen_text(app))
        area.load_text(text.replace("lr = 0.005", "lr = 2e9\nrate = 1"))
        await until(pilot, lambda: "training.rate: there is no such setting" in screen_text(app))
        area.load_text(text.replace("lr = 0.005", "lr = [0.1, 0.2]").replace("\nseed = 0", "\nseed = [4, 5]"))
        await until(pilot, lambda: "S starts 4 runs (seeds 4 5)" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: screen.desk.form.texts["training.lr"] == "0.1, 0.2")
        assert screen.at == "training.lr"
        assert "< [false] true >" in screen_text(app)  # rows are as wide as before
        await pilot.press("u")
        assert screen.desk.form.texts["training.lr"] == "0.005"
        await pilot.press("v", "x", "escape")
        await until(
            pilot, lambda: f"! left out: line {line}: training.xlr: there is no such setting" in screen_text(app)
        )
        assert screen.desk.checked.problems == ()

    act(store, story, (120, 36))


def test_a_setting_is_found_by_its_name(store: RunStore) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        await pilot.press("slash", *"weight de")
        await until(pilot, lambda: "weight decay" in screen_text(app) and "epochs" not in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "momentum" in screen_text(app))
        assert screen.at == "training.weight_decay"
        await pilot.press("slash", *"zzzz")
        await until(pilot, lambda: "no setting, and no class, of this name" in screen_text(app))
        assert not [line for line in screen_text(app).splitlines() if "─" in line and line.strip("─")]
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))

    act(store, story)


def test_the_mouse_moves_and_opens(store: RunStore) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        await pilot.click(RowList, offset=(5, 4))
        assert screen.at == "dataset.validation"
        await pilot.click(RowList, offset=(5, 4))
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("escape")
        assert app.focused is screen.query_one(RowList)

    act(store, story)


def test_the_time_is_told_from_what_was_measured_and_what_waits(store: RunStore) -> None:
    run = make(store, "before")
    experiment = {**run.experiment, "model": {"name": "lab", "pooling": "max", "hidden_size": 32}}
    with run.own() as owner:
        speed = {"images_per_second": 4500.0, "multiply_adds": 1_335_808, "seconds": 1.0}
        owner.update(summary=speed, environment={"device": "cpu", "lanes": 1}, experiment=experiment)
    store.create(
        experiment | {"training": {"epochs": 5, "seed": 1}}, fingerprint="f", name="waits", request={"device": "cpu"}
    )

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await opened(app, pilot)
        await go_to(app, pilot, "device")
        await pilot.press("enter", *["backspace"] * 4, *"cpu, 1", "enter")
        await until(pilot, lambda: "on cpu, 1 lane: about 8 min; 1 waiting before you" in screen_text(app))
        assert "Time: by multiply-adds from max, 1.34 M." in screen_text(app)

    act(store, story, (120, 36))


@pytest.mark.parametrize("name", ["[/red]", "\x1b]52;c;ZXZpbA==\x07", "漢字" * 40, "[@click=app.quit]x[/]"])
def test_hostile_class_names_are_text(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for one in (name, "plain"):
        (tmp_path / "images" / one).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", (8, 8)).save(tmp_path / "images" / one / f"{number}.png")
    counts = {"superclass": None, "train": 3, "test": 1}
    entries = [{"index": number, "name": one, **counts} for number, one in enumerate(sorted((name, "plain")))]
    document = {"name": "folder", "image_shape": [32, 32, 3], "classes": entries}
    told = {"folder": document, "digits": described("digits"), "cifar10": described("cifar10")}
    told["cifar100"] = described("cifar100")
    monkeypatch.setattr("engine.data.apart.describe_apart", lambda which, data_dir=None: told[which])

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        await pilot.press("l", "l", "l")
        await until(pilot, lambda: screen.desk.data is not None and screen.desk.data.name == "folder")
        await pilot.press("j", "enter", "space", "space", "escape")
        assert set(screen.desk.ticked) == {name, "plain"}
        await pilot.pause(0.05)
        assert not set(screen_text(app)) & set("\x1b\x07")
        assert screen.desk.checked.problems == () or "batch" in str(screen.desk.checked.problems[0])

    act(store, story, data_dir=tmp_path / "images")


@pytest.mark.slow
def test_what_decodes_and_trains_stays_out_of_this_process(store: RunStore) -> None:
    code = (
        "import asyncio, sys\n"
        "from engine.store import RunStore\nfrom tui.app import LabApp\n"
        "async def play():\n"
        "    app = LabApp(RunStore(sys.argv[1]))\n"
        "    async with app.run_test() as pilot:\n"
        "        await pilot.press('2')\n"
        "        while not getattr(app.screen, 'images', None): await pilot.pause(0.1)\n"
        "asyncio.run(play())\n"
        "print(sorted({'torch', 'sklearn', 'pandas', 'onnx', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(store.root)], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


@pytest.mark.slow
def test_real_images_are_counted_and_drawn(store: RunStore, real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("LANG", "C.UTF-8")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        await pilot.press("l", "l")
        await until(pilot, lambda: screen.desk.data is not None and screen.desk.data.name == "cifar100")
        for _ in range(20):
            if screen.desk.data and screen.desk.data.is_here:
                break
            await pilot.pause(1.0)
        await pilot.press("slash", *"apple", "space")
        await until(pilot, lambda: "500  100" in screen_text(app) and "▀" * 10 in screen_text(app))

    act(store, story, data_dir=real_data)
