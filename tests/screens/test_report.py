"""The report's screen: table, matrix, pairs and pictures, driven by keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from textual.pilot import Pilot
from textual.widgets import Input

from engine.data.class_names import CIFAR100, CIFAR100_SUPERCLASSES
from engine.store import Run, RunStore
from tests.screens.reports import scored
from tests.screens.stage import act, make, screen_text, until
from tui.app import LabApp
from tui.screens.ask import Prompt
from tui.screens.report import ReportScreen
from tui.screens.runs import RunsScreen
from tui.widgets.cell_table import CellTable
from tui.widgets.gallery import Gallery
from tui.widgets.matrix import Matrix


@pytest.fixture
def two(store: RunStore) -> tuple[Run, Run]:
    """The older one is the reference of most tests."""
    reference = scored(store, "stride-run", {("3", "8"): 6, ("9", "3"): 2}, pooling="stride")
    return reference, scored(store, "max-run", {("3", "8"): 4, ("8", "9"): 3})


def see(app: LabApp, words: str) -> bool:
    return words in " ".join(screen_text(app).split())


def table(app: LabApp, name: str = "table") -> CellTable:
    return app.screen.query_one(f"#{name}", CellTable)


def rows(app: LabApp, name: str = "table") -> list[str]:
    return [line.split()[0] for line in table(app, name).lines]


async def open_report(app: LabApp, pilot: Pilot[None], *, words: str = "macro avg") -> None:
    await pilot.press("5")
    await until(pilot, lambda: isinstance(app.screen, ReportScreen) and see(app, words))


def test_it_opens_with_scores_intervals_matrix_and_pairs(store: RunStore, two: tuple[Run, Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        assert see(app, "max-run test: 108 images epoch 28 of 30, selected on validation")
        assert see(app, "3 100.0 89.2 [75.3 95.7] 94.3 37")
        assert see(app, "accuracy 93.5 [87.2 96.8]")
        assert see(app, "3 [33] 4 0")
        assert rows(app, "pairs") == ["3", "8"]

    act(store, story)


def test_splits_go_round_and_both_shows_the_gap_of_each_class(store: RunStore, two: tuple[Run, Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        for words in ("train: 3", "test and train: 108 and 3", "validation: 4", "test: 108"):
            await pilot.press("t")
            await until(pilot, lambda words=words: see(app, words))
            assert see(app, "train F1 gap") == (words.startswith("test and"))

    act(store, story)


def test_against_the_reference_there_are_counts_and_the_right_sentence(store: RunStore, two: tuple[Run, Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("j", "p", "k")
        await open_report(app, pilot, words="Against stride-run")
        assert see(app, "on the same 108 images: 4 put right, 3 spoilt (exact p 1.00).")
        assert see(app, "This compares these two trained models; for their settings: press 4.")
        assert see(app, "+2 -0 37")
        await pilot.press("p")
        await until(pilot, lambda: not see(app, "Against"))

    act(store, story)


def test_a_reference_with_other_images_is_not_compared_and_it_says_so(store: RunStore, two: tuple[Run, Run]) -> None:
    other = make(store, "other-classes")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("p", "j")
        await open_report(app, pilot, words="Reference: other-classes has other classes: not compared.")
        assert app.selection.reference == other.id
        assert not see(app, "- ref")

    act(store, story)


def test_s_sorts_by_the_column_that_the_cursor_is_on(store: RunStore, two: tuple[Run, Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        assert rows(app) == ["3", "8", "9"]
        await pilot.press("l", "l", "s")
        await until(pilot, lambda: rows(app) == ["9", "8", "3"])
        assert see(app, "vrecall")
        await pilot.press("s")
        await until(pilot, lambda: rows(app) == ["3", "8", "9"] and see(app, "^recall"))
        await pilot.press("s")
        await until(pilot, lambda: not see(app, "^recall"))
        await pilot.press("tab", "tab", "s")
        await until(pilot, lambda: see(app, "true v"))
        await pilot.press("v", "s")
        assert see(app, "s sorts the table and the pairs")

    act(store, story)


def test_the_mouse_sorts_by_a_heading_and_opens_what_is_clicked_twice(store: RunStore, two: tuple[Run, Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        heading = table(app)._shown.heading
        await pilot.click("#table", offset=(heading.index("recall") + 2, 0))
        await until(pilot, lambda: rows(app) == ["9", "8", "3"])
        await pilot.click("#table", offset=(5, 3))
        assert table(app).key == "3"
        await pilot.click("#table", offset=(5, 2), times=2)
        await until(pilot, lambda: see(app, "8, taken for other classes (test, the surest first): 3 images"))

    act(store, story)


def test_a_filter_narrows_as_one_types_and_escape_goes_one_layer(store: RunStore, two: tuple[Run, Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        await pilot.press("slash", "9")
        await until(pilot, lambda: rows(app) == ["9"])
        assert rows(app, "pairs") == ["8"]  # 8 -> 9
        await pilot.press("enter", "escape")
        await until(pilot, lambda: rows(app) == ["3", "8", "9"])
        await pilot.press("slash", "q")
        await until(pilot, lambda: see(app, "no class holds 'q'"))
        await pilot.press("escape")
        await until(pilot, lambda: not app.screen.query_one("#filter", Input).display)
        assert isinstance(app.screen, ReportScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))

    act(store, story)


def test_marked_classes_are_the_matrix_alone(store: RunStore, two: tuple[Run, Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        await pilot.press("space", "space")
        await until(pilot, lambda: see(app, "2 classes marked"))
        assert table(app).key == "9"
        assert rows(app, "pairs") == ["3"]  # 3 -> 8; 8 -> 9 leads out
        assert app.screen.query_one(Matrix)._confusion.rows == ("3", "8")
        await pilot.press("a")
        await until(pilot, lambda: see(app, "3 classes marked"))
        await pilot.press("a")
        await until(pilot, lambda: not see(app, "marked"))
        await pilot.press("space", "escape")
        await until(pilot, lambda: not see(app, "marked"))
        await pilot.press("tab", "space")
        assert see(app, "space marks classes in the table")

    act(store, story)


def test_enter_on_a_pair_shows_its_pictures_with_what_was_said(store: RunStore, two: tuple[Run, Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("j", "p", "k")
        await open_report(app, pilot, words="Against")
        await pilot.press("v", "v", "enter")
        await until(pilot, lambda: see(app, "3 -> 8 (test, the surest first): 4 images"))
        gallery = app.screen.query_one(Gallery)
        await until(pilot, lambda: len(gallery._pictures or {}) == 4)
        current = gallery.current
        assert current is not None
        assert (current.true, current.said, current.reference) == ("3", "8", "8")
        assert see(app, "▀")
        assert see(app, f"3, said 8 {100 * current.confidence:.0f} %")  # type: ignore[operator]
        assert see(app, f"#{current.index} ref: 8")
        await pilot.press("l")
        assert gallery.cursor == 1
        across, side = gallery._across, gallery.side
        await pilot.press("minus")
        assert (gallery.side, gallery._across > across) == (side // 2, True)
        await pilot.press("plus", "G")
        assert gallery.cursor == 3
        await pilot.press("escape")
        await until(pilot, lambda: table(app, "pairs").has_focus)

    act(store, story)


def test_where_the_terminal_has_no_blocks_pictures_are_shades(
    store: RunStore, two: tuple[Run, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: see(app, "3, taken for other classes (test, the surest first): 4 images"))
        await until(pilot, lambda: "#" in screen_text(app).split("images")[2].split("3, said")[0])
        assert "▀" not in screen_text(app)

    act(store, story)


def test_without_the_data_set_it_says_how_to_get_it_and_still_names_the_images(store: RunStore) -> None:
    scored(store, "fruit", {("apple", "pear"): 2}, dataset={"name": "cifar100", "classes": ["apple", "pear"]}, each=9)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: see(app, "cnnlab data fetch cifar100"))
        assert see(app, "apple, said pear 34 %")
        assert see(app, "#1")

    act(store, story)


def test_a_hundred_classes_are_folded_to_superclasses_and_opened_cell_by_cell(store: RunStore) -> None:
    mistakes = {("apple", "pear"): 3, ("shark", "dolphin"): 5, ("ray", "whale"): 2}
    scored(store, "all", mistakes, dataset={"name": "cifar100", "classes": CIFAR100}, each=10)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        await pilot.press("v")
        matrix = app.screen.query_one(Matrix)
        await until(pilot, lambda: len(matrix._confusion.rows) == 20)
        assert see(app, "fish -> aquatic mammals: 7 of 50, 14.0 % enter: classes")
        await pilot.press("enter")
        await until(pilot, lambda: matrix._confusion.rows == CIFAR100_SUPERCLASSES["fish"])
        assert matrix._confusion.columns == CIFAR100_SUPERCLASSES["aquatic mammals"]
        assert see(app, "shark -> dolphin: 5 of 10, 50.0 % enter: pictures")
        await pilot.press("enter")
        await until(pilot, lambda: see(app, "shark -> dolphin (test, the surest first): 5 images"))
        await pilot.press("escape")
        await until(pilot, lambda: matrix.has_focus and len(matrix._confusion.rows) == 5)
        await pilot.press("escape")
        await until(pilot, lambda: matrix.cell == ("fish", "aquatic mammals"))
        await pilot.press("v")
        await until(pilot, lambda: rows(app, "pairs") == ["shark", "apple", "ray"])

    act(store, story)


def test_the_matrix_scrolls_with_its_cursor(store: RunStore) -> None:
    names = [f"class-{k:02}" for k in range(40)]
    scored(store, "forty", {("class-00", "class-39"): 2}, dataset={"name": "folder", "classes": names}, each=3)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        await pilot.press("v")
        matrix = app.screen.query_one(Matrix)
        await until(pilot, lambda: matrix.cell == ("class-00", "class-39") and matrix.has_focus)
        assert see(app, "class-00 -> class-39: 2 of 3")
        await pilot.press("G", *["h"] * 39)
        await until(pilot, lambda: matrix.cell == ("class-39", "class-00"))
        assert see(app, "class-39 -> class-00: 0 of 3")
        assert ">40 class-39" in screen_text(app)

    act(store, story)


def test_other_runs_are_one_key_away_and_the_view_stays(store: RunStore, two: tuple[Run, Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        await pilot.press("t", "right_square_bracket")
        await until(pilot, lambda: see(app, "stride-run train:"))
        await pilot.press("v", "v", "left_square_bracket")
        await until(pilot, lambda: see(app, "max-run train:"))
        assert table(app, "pairs").display

    act(store, story)


@pytest.mark.parametrize("ending", ["csv", "html", "json"])
def test_w_writes_a_file_and_never_over_another(
    store: RunStore, two: tuple[Run, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.chdir(tmp_path)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        for _ in range(2):
            await pilot.press("w")
            await until(pilot, lambda: isinstance(app.screen, Prompt))
            app.screen.query_one(Input).value = f"mine.{ending}"
            await pilot.press("enter")
            await until(pilot, lambda: see(app, "wrote "))
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        app.screen.query_one(Input).value = "mine.doc"
        await pilot.press("enter")
        await until(pilot, lambda: see(app, "'mine.doc' does not end in one of .csv, .html, .json"))

    act(store, story)
    first, second = tmp_path / f"mine-test.{ending}", tmp_path / f"mine-test-2.{ending}"
    assert first.read_text() == second.read_text() != ""
    if ending == "json":
        assert json.loads(first.read_text())["images"] == 108


def test_both_splits_are_written_as_two_files(
    store: RunStore, two: tuple[Run, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        await pilot.press("t", "t", "w")
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press("enter")
        await until(pilot, lambda: "wrote " in app.status.text)

    act(store, story)
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == [
        "max-run-report-test.csv",
        "max-run-report-train.csv",
    ]


def test_y_copies_the_command_that_prints_this(store: RunStore, two: tuple[Run, Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("j", "p", "k")
        await open_report(app, pilot, words="Against")
        await pilot.press("y")
        expected = f"cnnlab report {two[1].id} --split test --reference {two[0].id} --runs {store.root}"
        assert app.clipboard == expected
        assert app.status.text == f"copied: {expected}"

    act(store, story)


def test_a_run_in_training_says_when_its_report_comes(store: RunStore, three: list[Run]) -> None:
    live = store.create({"dataset": {}, "model": {}, "training": {}}, fingerprint="f", name="live")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        with live.own() as owner:
            owner.update(state="training")
            steps = {"epoch": 5, "epochs": 40, "step": 1, "steps_per_epoch": 2}
            owner.write_progress({"heartbeat": 1, "eta_seconds": 27.0, **steps})
            await open_report(app, pilot, words="live: training; its report comes when it ends, ~0:27.")
            assert see(app, "S ends it now")
            owner.write_progress({"heartbeat": 2, "eta_seconds": 12.0, **steps})
            await until(pilot, lambda: see(app, "~0:12."))
            await pilot.press("w")
            assert see(app, "there is no report to write yet")

    act(store, story)


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({"state": "failed", "failure": {"reason": "loss is not finite"}}, "nothing was scored: loss is not finite."),
        ({"state": "stopped"}, "stopped before it began, so there is nothing to score."),
    ],
)
def test_a_run_without_a_report_says_why(store: RunStore, update: dict[str, Any], words: str) -> None:
    run = store.create({"dataset": {}, "model": {}, "training": {}}, fingerprint="f", name="x")
    with run.own() as owner:
        owner.update(**update)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot, words=words)
        for key in ("v", "t", "s", "space", "a", "enter", "h", "y"):
            await pilot.press(key)
        assert see(app, "d describes the run")

    act(store, story)


def test_a_damaged_report_and_a_damaged_run_are_told(store: RunStore, two: tuple[Run, Run]) -> None:
    (two[1].path / "report.json").write_text('{"classes": ["3"], "splits": {"test": {}}}')
    (two[0].path / "run.json").write_text("{")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot, words="report.json is damaged; see `cnnlab doctor`")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: see(app, "damaged: run.json: not JSON"))

    act(store, story)


def test_an_empty_folder_says_what_to_press(store: RunStore) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot, words="There is no run yet: n sets one up, 1 goes back.")

    act(store, story)


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 36), (200, 60)])
def test_every_view_draws_at_every_size(store: RunStore, two: tuple[Run, Run], size: tuple[int, int]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("j", "p", "k")
        await open_report(app, pilot, words="class")
        for _ in range(4):
            await pilot.press("v", "j", "l", "k", "h", "ctrl+d", "ctrl+u", "g", "G")
            assert all(len(line) <= size[0] for line in screen_text(app).splitlines())
        await until(pilot, lambda: table(app).display)

    act(store, story, size)


HOSTILE = ["[red]", "[@click=app.quit]x[bold]", "\x1b[2J\x1b]52;c;ZXZpbA==\x07", "\u202eabc", "a\nb", "漢字" * 30]


def test_hostile_class_names_of_a_folder_are_text_everywhere(store: RunStore, tmp_path: Path) -> None:
    root = tmp_path / "images"
    for number, name in enumerate(HOSTILE):
        (root / name).mkdir(parents=True)
        for image in range(10):
            pixels = np.full((16, 16, 3), 40 * number, dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{image}.png")
    classes = sorted(HOSTILE)
    mistakes = {(true, said): 1 for true in classes for said in classes if true != said and classes.index(said) < 2}
    dataset = {"name": "folder", "classes": classes, "image_size": 16, "validation": 0.2}
    scored(store, "hostile", mistakes, dataset=dataset, data_dir=root)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        for keys in (
            ["v"],
            ["enter"],
            ["escape", "v"],
            ["enter"],
            ["escape", "v"],
            ["v", "slash", "[", "enter"],
            ["y"],
        ):
            await pilot.press(*keys)
            await pilot.pause(0.05)
            assert not set(screen_text(app)) & set("\x1b\x07\x9b\u202e")
        assert app.is_running

    act(store, story, (120, 36))


def test_a_repaint_that_changes_nothing_sends_nothing(store: RunStore, two: tuple[Run, Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        painted: list[object] = []
        for widget in (table(app), table(app, "pairs"), app.screen.query_one(Matrix)):
            original = widget.refresh
            widget.refresh = lambda *a, f=original, **k: (painted.append(a), f(*a, **k))[1]  # type: ignore[method-assign]
        app.selection_changed()
        await pilot.pause(0.05)
        assert painted == []

    act(store, story)


def test_of_an_interrupted_run_the_report_names_the_key_that_lets_it_go_on(store: RunStore) -> None:
    run = make(store, "cut-off")
    (run.path / "report.json").unlink()
    with run.own() as owner:
        owner.update(state="training", summary=None)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("5")
        await until(pilot, lambda: "P lets it go on" in screen_text(app))
        assert "cnnlab resume" not in screen_text(app)

    act(store, story)


def test_another_split_keeps_the_pair_under_the_cursor_or_goes_to_the_top(store: RunStore) -> None:
    confused = {("3", "8"): 4, ("8", "9"): 3, ("9", "3"): 2}
    scored(store, "max-run", confused, train={("3", "9"): 1, ("8", "9"): 1, ("9", "8"): 1}, each=30)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        await pilot.press("tab", "tab", "j")
        pairs = table(app, "pairs")
        await until(pilot, lambda: pairs.key == ("8", "9"))
        await pilot.press("t")
        await until(pilot, lambda: see(app, "train:"))
        assert pairs.key == ("8", "9")
        await pilot.press("j", "j")
        await until(pilot, lambda: pairs.key == ("9", "8"))
        await pilot.press("t")
        await until(pilot, lambda: see(app, "test and train:"))
        assert pairs.key == ("3", "8")

    act(store, story)


def test_a_cell_in_which_there_is_nothing_opens_nothing_and_says_so(store: RunStore, two: tuple[Run, Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_report(app, pilot)
        await pilot.press("v", "l", "l", "enter")
        await until(pilot, lambda: app.status.text == "3 -> 9: 0 of 37, 0.0 %")
        assert see(app, "3 [33] 4 0")

    act(store, story)
