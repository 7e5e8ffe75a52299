"""The comparison's screen: groups over seeds, runs, pairs of models and curves, driven by keys."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine.store import Run, RunStore
from tests.screens.reports import scored
from tests.screens.stage import act, make, screen_text, until
from tui.app import LabApp
from tui.compare import choice
from tui.screens.ask import Prompt
from tui.screens.compare import CompareScreen
from tui.screens.curves import CurvesScreen
from tui.screens.new import NewScreen
from tui.screens.runs import RunsScreen
from tui.widgets.cell_table import CellTable

STUDY = {"id": "20260101-000000-aaaa", "name": "pooling", "kind": "pooling", "seeds": [0, 1, 2]}
WRONG = {"stride": (12, 14, 13), "max": (4, 6, 3), "avg": (15, 15, 20)}


@pytest.fixture
def study(store: RunStore) -> list[Run]:
    """Three poolings of three seeds; max is best."""
    return [
        scored(
            store,
            f"abf-{pooling}-s{seed}",
            {("3", "8"): wrong[seed]},
            pooling=pooling,
            seed=seed,
            study={**STUDY, "position": 3 * seed + place, "label": pooling},
        )
        for seed in range(3)
        for place, (pooling, wrong) in enumerate(WRONG.items())
    ]


def see(app: LabApp, words: str) -> bool:
    return words in " ".join(screen_text(app).split())


def rows(app: LabApp) -> list[str]:
    return [line.split()[0].strip("*") for line in app.screen.query_one(CellTable).lines]


async def open_compare(app: LabApp, pilot: Pilot[None], *, words: str = "Pick:") -> None:
    await pilot.press("4")
    await until(pilot, lambda: isinstance(app.screen, CompareScreen) and see(app, words))


def test_a_study_shows_its_groups_seeds_and_pick(store: RunStore, study: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot)
        assert see(app, "9 runs: study pooling differ in: pooling, seed test, 108 images")
        assert see(app, "stride 3 88.0 0.9 ref")
        assert see(app, "max 3 96.0 1.4 +8.0 [")
        assert see(app, "Pick: max: best on validation; test +8.0")
        dots = [line for line in screen_text(app).splitlines() if line.lstrip().startswith(("stride |", "max |"))]
        assert len(dots) == 0 or all("o" in line for line in dots)
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: see(app, "o a seed"))
        dots = [line for line in screen_text(app).splitlines() if "|" in line]
        assert len(dots) == 3
        assert sum(line.count("o") + line.count("*") + 2 * line.count("2") for line in dots) >= 7

    act(store, story)


def test_the_split_of_the_numbers_goes_round(store: RunStore, study: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot)
        await pilot.press("t")
        await until(pilot, lambda: see(app, "seed train, ") and see(app, "pooling n train % sd"))
        await pilot.press("t")
        await until(pilot, lambda: see(app, "seed validation, ") and see(app, "pooling n val % sd"))
        await pilot.press("t")
        await until(pilot, lambda: see(app, "pooling n test % sd"))

    act(store, story)


def test_p_makes_the_rows_group_the_reference_and_again_none(store: RunStore, study: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot)
        await pilot.press("j", "p")
        await until(pilot, lambda: see(app, "max 3 96.0 1.4 ref"))
        assert app.selection.reference in {run.id for run in study if "max" in run.name}
        assert ">*max" in screen_text(app)
        await pilot.press("p")
        await until(pilot, lambda: see(app, "stride 3 88.0 0.9 ref"))
        assert app.selection.reference is None

    act(store, story)


def test_views_go_round_and_only_what_differs_is_a_column(store: RunStore, study: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot)
        await pilot.press("v")
        await until(pilot, lambda: see(app, "run pooling seed state val % @epoch test %"))
        assert "abf-stride-s0" in rows(app)
        assert len(rows(app)) == 9
        await pilot.press("v")
        await until(pilot, lambda: see(app, "put right spoilt net exact p"))
        assert rows(app)[0] == "stride-s1"
        assert see(app, "It says nothing of two settings")
        await pilot.press("v")
        await until(pilot, lambda: see(app, "Validation accuracy, % a-c stride d-f max g-i avg"))
        assert see(app, "a stride-s0 b stride-s1")
        await pilot.press("v")
        await until(pilot, lambda: see(app, "Pick: max"))

    act(store, story)


def test_rows_are_sorted_and_filtered(store: RunStore, study: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot)
        await pilot.press("l", "l", "s")
        await until(pilot, lambda: rows(app) == ["max", "stride", "avg"])
        await pilot.press("s")
        await until(pilot, lambda: rows(app) == ["avg", "stride", "max"])
        await pilot.press("v", "slash", *"max")
        await until(pilot, lambda: rows(app) == [f"abf-max-s{seed}" for seed in range(3)])
        await pilot.press("enter", "escape")
        await until(pilot, lambda: len(rows(app)) == 9)
        await pilot.press("slash", *"qq")
        await until(pilot, lambda: see(app, "no row holds 'qq'"))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: see(app, "Pick:"))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))

    act(store, story)


def test_brackets_go_to_the_next_row_whose_value_differs(store: RunStore, study: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot)
        await pilot.press("v", "l", "l")
        table = app.screen.query_one(CellTable)
        await until(pilot, lambda: table.column == "training.seed")
        await pilot.press("right_square_bracket")
        assert table.key == study[3].id  # the first of seed 1
        await pilot.press("right_square_bracket", "right_square_bracket")
        assert table.key == study[6].id
        assert see(app, "all rows have the same value in this column")
        await pilot.press("left_square_bracket")
        assert table.key == study[5].id

    act(store, story)


def test_enter_shows_the_curves_of_the_rows_run(store: RunStore, study: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot)
        await pilot.press("v", "j", "enter")
        await until(pilot, lambda: isinstance(app.screen, CurvesScreen))
        assert app.selection.cursor == study[1].id

    act(store, story)


def test_marks_go_before_the_study(store: RunStore, study: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("space", "space")
        await open_compare(app, pilot)
        assert see(app, "2 runs: the marked ones")
        assert see(app, "One seed each: these are models.")

    act(store, story)


def test_runs_of_other_test_sets_are_not_compared_and_it_says_so(store: RunStore, study: list[Run]) -> None:
    other = make(store, "elsewhere")
    with other.own() as owner:
        owner.update(summary={**(owner.run.summary or {}), "test_sha256": "other"})

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("space", "space")
        await open_compare(app, pilot, words="the test sets differ, so these are not compared")

    act(store, story, (120, 36))


def test_a_live_run_of_the_study_stands_there_so_far(store: RunStore, study: list[Run]) -> None:
    live = study[-1]

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        with live.own() as owner:
            owner.update(state="training", summary=None)
            await open_compare(app, pilot, words="So far: abf-avg-s2 training, val 80.0 @30.")

    act(store, story)


def test_one_run_alone_and_an_empty_folder_say_what_to_do(store: RunStore) -> None:
    async def empty(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot, words="There is no run yet: n sets one up")
        for key in ("v", "t", "s", "w", "y", "p", "enter", "right_square_bracket"):
            await pilot.press(key)

    act(store, empty)
    make(store, "alone")

    async def alone(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot, words="Only alone: mark two runs or more with space on Runs")

    act(store, alone)


def test_what_is_shown_stays_until_the_next_comparison_is_made(
    store: RunStore, study: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, real = threading.Event(), choice.compare

    def slow(*arguments: object, **options: object) -> object:
        gate.wait(20)
        return real(*arguments, **options)  # type: ignore[arg-type]

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot)
        monkeypatch.setattr(choice, "compare", slow)
        await pilot.press("j", "p")
        await until(pilot, lambda: see(app, "comparing …"))
        assert see(app, "stride 3 88.0 0.9 ref")
        await pilot.press("v")  # keys go on
        await until(pilot, lambda: see(app, "val % @epoch"))
        gate.set()
        await until(pilot, lambda: not see(app, "comparing …"))
        await pilot.press("escape")
        await until(pilot, lambda: see(app, "max 3 96.0 1.4 ref"))

    act(store, story)


@pytest.mark.parametrize("ending", ["csv", "md", "html"])
def test_w_writes_a_file_and_never_over_another(
    store: RunStore, study: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.chdir(tmp_path)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot)
        for _ in range(2):
            await pilot.press("w")
            await until(pilot, lambda: isinstance(app.screen, Prompt))
            app.screen.query_one(Input).value = f"mine.{ending}"
            await pilot.press("enter")
            await until(pilot, lambda: "wrote mine" in app.status.text)

    act(store, story)
    assert (tmp_path / f"mine.{ending}").read_text() == (tmp_path / f"mine-2.{ending}").read_text()
    assert "max" in (tmp_path / f"mine.{ending}").read_text()


def test_y_copies_the_command(store: RunStore, study: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot)
        await pilot.press("j", "p")
        await until(pilot, lambda: see(app, "ref"))
        await pilot.press("y")
        words = app.clipboard.split()
        assert words[:2] == ["cnnlab", "compare"]
        assert words[2:11] == [run.id for run in study]
        assert words[11:] == ["--split", "test", "--reference", app.selection.reference, "--runs", str(store.root)]

    act(store, story)


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 36), (200, 60)])
def test_every_view_draws_at_every_size(store: RunStore, study: list[Run], size: tuple[int, int]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot, words="pooling")
        for _ in range(4):
            await pilot.press("v", "j", "l", "k", "h", "ctrl+d", "ctrl+u", "g", "G")
            assert all(len(line) <= size[0] for line in screen_text(app).splitlines())

    act(store, story, size)


@pytest.mark.parametrize("name", ["[/red]", "\x1b[2J", "\u202eabc", "a\nb", "漢字" * 60])
def test_hostile_names_are_text(store: RunStore, name: str) -> None:
    for pooling in ("max", "avg"):
        scored(store, name, {("3", "8"): 2}, pooling=pooling, study={**STUDY, "name": name, "label": name})

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot, words="pooling")
        for _ in range(4):
            await pilot.press("v")
            await pilot.pause(0.05)
            assert not set(screen_text(app)) & set("\x1b\x07\x9b\u202e")

    act(store, story, (120, 36))


def test_space_marks_the_run_of_the_row_and_a_all_that_are_shown(store: RunStore, study: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot)
        await pilot.press("v", "g", "space", "space")
        await until(pilot, lambda: see(app, "2 marked"))
        assert len(app.selection.marks) == 2
        assert see(app, "9 runs: study pooling")  # what is compared stays while one marks
        assert [line[0] for line in app.screen.query_one(CellTable).lines[:3]] == ["X", "x", " "]
        await pilot.press("a")
        assert len(app.selection.marks) == 9
        await pilot.press("a")
        assert not app.selection.marks
        await pilot.press("g", "space", "space", "1", "4")
        await until(pilot, lambda: see(app, "2 runs: the marked ones"))

    act(store, story)


def test_settings_trained_once_each_are_offered_as_a_study_of_new_seeds(store: RunStore, tmp_path: Path) -> None:
    for pooling in ("max", "stride", "avg"):
        run = scored(store, pooling, {}, pooling=pooling, seed=2)
        with run.own() as owner:
            where = {"device": "cpu", "lanes": 2, "device_name": "a"}
            owner.update(environment=where, summary={**(run.summary or {}), "images_per_second": 1000.0})

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot, words="One seed each")
        await until(pilot, lambda: see(app, "m sets up 3 settings x 4 new seeds (3-6) = 12 runs, about "))
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, NewScreen))
        await until(pilot, lambda: see(app, "S starts 12 runs (seeds 3-6)"))
        assert see(app, "New study of pooling, like")
        assert see(app, "~ 2 changed")
        await pilot.press("u")
        await until(pilot, lambda: see(app, "S starts 1 run (seed 0)"))

    act(store, story, (120, 36))


def test_a_study_of_several_seeds_gets_no_offer(store: RunStore, study: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await open_compare(app, pilot)
        await pilot.press("m")
        await until(pilot, lambda: see(app, "m is for settings that were trained once each"))
        assert isinstance(app.screen, CompareScreen)

    act(store, story)


def test_more_seeds_that_are_under_way_are_told_and_not_offered_again(store: RunStore) -> None:
    runs = [scored(store, pooling, {}, pooling=pooling) for pooling in ("max", "avg")]

    def add(seed: int, state: str) -> Run:
        like = runs[seed % 2]
        training = {**like.experiment["training"], "seed": seed}
        experiment = {**like.experiment, "training": training}
        study = {"id": "20260101-000000-bbbb", "name": "more", "kind": "grid", "seeds": [seed], "position": seed}
        run = store.create(experiment, fingerprint="f", name=f"more-{seed}", study=study)
        with run.own() as owner:
            owner.update(state=state, summary=runs[0].summary if state == "finished" else None)
        return run

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        for run in runs:
            app.selection.toggle_mark(run.id)
        app.selection_changed()
        await open_compare(app, pilot, words="One seed each")
        await until(pilot, lambda: see(app, "m sets up 2 settings x 4 new seeds (1-4)"))
        more = [add(seed, "queued") for seed in range(1, 7)]
        await until(pilot, lambda: see(app, "More seeds of these settings are under way: 6 runs (seeds 1-6), 6 wait"))
        assert see(app, "on Runs, without marks, 4 on one of them compares them.")
        assert not see(app, "m sets up")
        await pilot.press("m")
        await until(pilot, lambda: see(app, "6 runs of these settings with other seeds are there; n sets up one more"))
        with more[0].own() as owner:
            owner.update(state="training")
            await until(pilot, lambda: see(app, "(seeds 1-6), 1 trains, 5 wait"))
        for run in more:
            with run.own() as owner:
                owner.update(state="finished", summary=runs[0].summary)
        await until(pilot, lambda: see(app, "These settings were trained with more seeds, too: 6 runs (seeds 1-6)"))

    act(store, story, (120, 36))
