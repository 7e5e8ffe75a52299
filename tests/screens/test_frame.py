"""What all screens share: keys, status, palette, help, acts with undo, and where one was."""

from __future__ import annotations

import asyncio
import csv
import os
import re
from pathlib import Path

import pytest
from textual import events
from textual.color import Color
from textual.command import CommandList, CommandPalette
from textual.keys import _character_to_key
from textual.pilot import Pilot

from engine.errors import RequestError
from engine.store import Run, RunStore
from tests.screens.stage import act, screen_text, until
from tui.acts import Done
from tui.app import LabApp
from tui.keys import bindings_of
from tui.modes import screen_class
from tui.output_files import save_as, save_text, wrote
from tui.screens.ask import Confirm, Details, Prompt
from tui.screens.base import LabScreen
from tui.screens.curves import CurvesScreen
from tui.screens.help import Help
from tui.screens.runs import RunsScreen
from tui.terminal import when_gone
from tui.widgets.decks import Key, lay_out


def test_a_russian_keyboard_types_the_same_commands(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("о")  # j
        assert app.selection.cursor == three[1].id
        await pilot.press("Ж")  # :
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press("escape", "slash", "й")
        await until(pilot, lambda: app.selection.filter == "й")  # a field takes what is typed
        await pilot.press("escape", "й")
        await until(pilot, lambda: not app.is_running)

    act(store, story)


def test_a_key_without_a_meaning_says_where_it_has_one(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("3", "slash")
        await until(pilot, lambda: "/ has its meaning on Runs" in screen_text(app))
        await pilot.press("j")
        await until(pilot, lambda: "/ has its meaning" not in screen_text(app))

    act(store, story)


def test_help_lists_every_key_and_the_words(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        help_screen = app.screen
        assert isinstance(help_screen, Help)
        text = "\n".join(help_screen._lines)
        for rows in app.keys().values():
            for _, names, words in rows:
                assert words
                assert f"{names:<20} {words}" in text
        assert "McNemar" in text
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))

    act(store, story)


def test_every_binding_has_a_tooltip_and_the_palette_offers_it(
    store: RunStore, three: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        commands = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Trash", "Export", "Filter", "Theme light", "Theme high contrast"} <= commands
        for screen in map(screen_class, app.MODES):
            assert issubclass(screen, LabScreen)
            for owner in (screen, *screen.PARTS, LabApp):
                for binding in bindings_of(owner):
                    assert binding.tooltip, binding
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"theme light")
        found = app.screen.query_one(CommandList)
        await until(pilot, lambda: found.option_count == 1 and found.highlighted == 0)
        await pilot.press("enter")
        await until(pilot, lambda: app.theme == "cnnlab-light")

    async def come_back(app: LabApp, pilot: Pilot[None]) -> None:
        assert app.theme == "cnnlab-light"
        assert app.screen.styles.background == Color.parse("#ffffff")

    act(store, story)
    act(store, come_back)
    act(RunStore(tmp_path / "elsewhere"), come_back)  # a theme fits the terminal, not the runs


def test_trash_acts_on_the_marks_and_undo_brings_them_back(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("space", "space")
        await until(pilot, lambda: "Trash 2" in screen_text(app))
        await pilot.press("D")
        await until(pilot, lambda: len(app.runs) == 1)
        await until(pilot, lambda: "u: undo" in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: len(app.runs) == 3)
        assert {run.id for run in store.runs()} == {run.id for run in three}
        await pilot.press("u")
        await until(pilot, lambda: "there is nothing to undo" in screen_text(app))

    act(store, story)


def test_a_run_is_renamed_in_place_and_back(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("e")
        await until(pilot, lambda: "name of run-avg" in screen_text(app))
        await pilot.press("ctrl+u", *"newname", "enter")
        await until(pilot, lambda: "tags of run-avg" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: three[2].reload().name == "newname")
        await pilot.press("u")
        await until(pilot, lambda: three[2].reload().name == "run-avg")

    act(store, story)


def test_an_error_is_one_line_and_enter_shows_its_details(store: RunStore, three: list[Run]) -> None:
    def fail() -> Done:
        raise RequestError("this [b]cannot[/b] be")

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        app.act(fail)
        await until(pilot, lambda: "! this [b]cannot[/b] be" in screen_text(app))
        app.tell("two things", is_error=True, details="one\ntwo\x1b[2J")
        await until(pilot, lambda: "enter: details" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Details))
        assert "two\\x1b[2J" in screen_text(app)

    act(store, story)


def test_a_thread_that_fails_unexpectedly_says_so(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        app.act(lambda: Done(str(1 // 0)))
        await until(pilot, lambda: "this should not happen: " in screen_text(app))
        assert "ZeroDivisionError" in app.status.details

    act(store, story)


def test_describe_shows_settings_and_files(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("d")
        await until(pilot, lambda: "model.pooling" in screen_text(app))
        assert three[2].id in screen_text(app)

    act(store, story)


def burst(app: LabApp, *keys: str) -> None:
    """Keys that arrive together, as a slow line delivers them."""
    for key in keys:
        app.post_message(events.Key(_character_to_key(key) if len(key) == 1 else key, key if len(key) == 1 else None))


def test_keys_that_arrive_together_are_for_the_field_that_the_first_one_opens(
    store: RunStore, three: list[Run]
) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        burst(app, "/", *"Done")
        await until(pilot, lambda: app.selection.filter == "Done")
        assert len(store.runs()) == 3
        burst(app, "escape", "/", *"max", "enter", "space")
        await until(pilot, lambda: list(app.selection.marks) == [three[1].id])
        assert app.selection.filter == "max"
        burst(app, "n", "/", *"epochs", "enter", *"17", "enter")
        await until(pilot, lambda: re.search(r"epochs +~? *17", screen_text(app)))

    act(store, story)


def test_a_key_typed_twice_closes_one_prompt_and_not_the_app(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("e")
        await until(pilot, lambda: "name of run-avg" in screen_text(app))
        burst(app, "enter", "enter", "enter", "enter", "enter", "escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        assert app.is_running

    act(store, story)


def test_the_palette_switches_the_bell(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        (bell,) = [command for command in app.get_system_commands(app.screen) if command.title == "Bell"]
        await bell.callback()
        assert app.selection.bell

    act(store, story)


def test_details_that_are_wider_than_the_screen_go_on_below(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        app.push_screen(Details("why", ["reason  " + "a long word " * 12 + "remedy"]))
        await until(pilot, lambda: "remedy" in screen_text(app))

    act(store, story)


def test_runs_and_a_history_are_written_and_the_command_copied(
    store: RunStore, three: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("w")
        await until(pilot, (tmp_path / "runs.csv").exists)
        await pilot.press("k", "y")
        await until(pilot, lambda: f"cnnlab show {three[2].id}" in app.clipboard)
        await pilot.press("3", "w")
        await until(pilot, (tmp_path / "run-avg-history.csv").exists)

    act(store, story)
    rows = list(csv.DictReader((tmp_path / "runs.csv").read_text().splitlines()))
    assert [row["name"] for row in rows] == ["run-avg", "run-max", "run-stride"]
    assert rows[1]["model.pooling"] == "max"
    assert rows[1]["test_accuracy"] == "0.9"
    epochs = list(csv.DictReader((tmp_path / "run-avg-history.csv").read_text().splitlines()))
    assert len(epochs) == 40
    assert float(epochs[3]["train_loss_p75"]) == 0.5


def test_the_next_start_is_where_one_left(store: RunStore, three: list[Run]) -> None:
    async def leave(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("j", "p", "j", "space", "slash", *"run", "enter", "s", "3")
        await until(pilot, lambda: isinstance(app.screen, CurvesScreen))

    async def come_back(app: LabApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: isinstance(app.screen, CurvesScreen))
        assert app.selection == left.selection
        assert app.selection.reference
        assert app.selection.marks
        assert app.selection.filter == "run"

    left = act(store, leave)
    act(store, come_back)


def test_a_session_that_is_damaged_or_cannot_be_kept_keeps_nobody(
    store: RunStore, three: list[Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        assert isinstance(app.screen, RunsScreen)

    act(store, story)


def test_ctrl_c_leaves_only_twice(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "ctrl+c again leaves" in screen_text(app))
        assert app.is_running
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not app.is_running)

    act(store, story)


def test_a_question_is_answered_no_unless_yes_is_said(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        answers: list[bool | None] = []
        for keys in ("enter", "escape", "n", "y"):
            app.push_screen(Confirm("[red]?"), answers.append)
            await until(pilot, lambda: "[red]?" in screen_text(app))
            await pilot.press(keys)
            await pilot.pause(0.05)
        assert answers == [False, False, False, True]

    act(store, story)


async def click_on(app: LabApp, pilot: Pilot[None], words: str) -> None:
    lines = screen_text(app).splitlines()
    y = next(number for number, line in enumerate(lines) if words in line)
    await pilot.click(offset=(lines[y].index(words) + 1, y))


def test_a_question_a_prompt_and_details_are_answered_by_the_mouse(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        answers: list[object] = []
        for words in ("[n] no", "[y] yes"):
            app.push_screen(Confirm("?"), answers.append)
            await until(pilot, lambda words=words: words in screen_text(app))
            await click_on(app, pilot, words)
            await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        for words in ("[enter] keep", "[esc] leave"):
            app.push_screen(Prompt("name", "x"), answers.append)
            await until(pilot, lambda words=words: words in screen_text(app))
            await click_on(app, pilot, words)
            await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        assert answers == [False, True, "x", None]
        app.tell("two things", details="one\ntwo")
        await until(pilot, lambda: "enter: details" in screen_text(app))
        await click_on(app, pilot, "enter: details")
        await until(pilot, lambda: "[y] copy" in screen_text(app))
        await click_on(app, pilot, "[y] copy")
        await until(pilot, lambda: "[y] copied" in screen_text(app))
        assert app.clipboard == "one\ntwo"
        await click_on(app, pilot, "[esc] back")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))

    act(store, story)


def test_a_click_on_a_key_presses_it(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        line = screen_text(app).splitlines()[-1]
        await pilot.click(offset=(line.index("Keys"), 23))
        await until(pilot, lambda: isinstance(app.screen, Help))

    act(store, story)


def test_the_decks_keep_what_must_be_seen() -> None:
    looks = [("looks", Key(c, c, "some words")) for c in "abcdefghij"]
    acts = [("acts", Key(c, c, "act")) for c in "ABC"]
    last = [("help", Key("?", "?", "Keys")), ("quit", Key("q", "q", "Quit"))]
    for width in (20, 80, 120, 200):
        first, second = lay_out([*looks, *acts, *last], width)
        assert [key.key for key in second[-2:]] == ["q", "?"]
        assert sum(key.width + 2 for key in first) <= width
        assert sum(key.width + 2 for key in second) <= max(width, 20)
    assert len(lay_out(looks, 200)[0]) == 10


def test_files_are_never_written_over_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert save_text("a/../b c.csv", "1").name == "a-..-b-c.csv"
    assert save_text("report.csv", "1") == tmp_path / "report.csv"
    assert save_text("report.csv", "2").name == "report-2.csv"
    assert (tmp_path / "report.csv").read_text() == "1"


def test_a_file_is_written_where_somebody_wants_it_or_he_is_told_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "sub"))
    assert save_as("sub/a.csv", "1") == tmp_path / "sub" / "a.csv"
    again = save_as("~/a.csv", "2")
    assert again == tmp_path / "sub" / "a-2.csv"
    assert (tmp_path / "sub" / "a.csv").read_text() == "1"
    done = wrote([again], "~/a.csv")
    assert done.text == f"a.csv is there already; wrote {Path('sub', 'a-2.csv')}"
    assert done.copies == str(again)
    with pytest.raises(RequestError, match="gone is not a folder; make it first"):
        save_as("gone/a.csv", "1")


def test_a_path_that_was_written_is_copied_by_y(
    store: RunStore, three: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("w")
        await until(pilot, lambda: "y: copy path" in screen_text(app))
        await pilot.press("y")
        assert app.clipboard == str(tmp_path / "runs.csv")
        assert app.status.text == f"copied: {tmp_path / 'runs.csv'}"
        await pilot.press("y")
        await until(pilot, lambda: "cnnlab show" in app.clipboard)  # as before

    act(store, story)


@pytest.mark.slow
def test_an_export_is_proved_and_y_copies_its_path(store: RunStore, trained: Run) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("X")
        await until(pilot, lambda: "y: copy path" in screen_text(app))
        assert "images equal, max difference" in app.status.text
        await pilot.press("y")
        assert app.clipboard == str(trained.path / "model.onnx")

    act(store, story)
    assert (trained.path / "model.onnx").is_file()


def test_what_could_not_be_undone_can_be_tried_again(store: RunStore, three: list[Run]) -> None:
    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("space", "space", "D")
        await until(pilot, lambda: len(app.runs) == 1)
        three[1].path.mkdir()  # its place is taken
        await pilot.press("u")
        await until(pilot, lambda: "is there already" in screen_text(app))
        three[1].path.rmdir()
        await pilot.press("u")
        await until(pilot, lambda: {run.id for run in app.runs} == {run.id for run in three})
        await pilot.press("u")
        await until(pilot, lambda: "there is nothing to undo" in screen_text(app))

    act(store, story)


def test_a_terminal_that_goes_away_is_noticed() -> None:
    ours, theirs = os.openpty()
    gone: list[int] = []

    async def play() -> None:
        when_gone(lambda: gone.append(1), theirs)
        os.close(ours)
        while not gone:
            await asyncio.sleep(0.01)

    pid = os.fork()
    if pid == 0:  # the guard ends the process a second later: not this one
        asyncio.run(asyncio.wait_for(play(), 10))
        os._exit(0 if gone else 1)
    os.close(ours)
    os.close(theirs)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_while_something_is_typed_the_footer_offers_only_keys_that_are_not_typed(
    store: RunStore, three: list[Run]
) -> None:
    def footer(app: LabApp) -> str:
        return " ".join(" ".join(screen_text(app).splitlines()[-2:]).split())

    async def story(app: LabApp, pilot: Pilot[None]) -> None:
        assert "q Quit ? Keys" in footer(app)
        for screen, field in (("1", "slash"), ("2", "slash"), ("2", "enter"), ("4", "slash"), ("5", "slash")):
            await pilot.press(screen, "g", *(["j", "j", "j"] if field == "enter" else []), field)
            await until(pilot, lambda: footer(app) == "enter Keep esc Back ctrl+q Quit f1 Keys")
            await pilot.press("escape")
            await until(pilot, lambda: "q Quit ? Keys" in footer(app))

    act(store, story)
