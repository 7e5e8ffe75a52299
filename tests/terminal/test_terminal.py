"""The app on a real terminal: from exec to an exported model, hang-up, sizes, names that try to steer it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from engine.store import RunStore
from tests.faults.processes import wait_for, worker_of
from tests.screens.stage import make
from tools.pseudo_terminal import PseudoTerminal, cnnlab_tui

HOSTILE = [
    "[/red]",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J\x1b[6n",
    "\u202eabc",
    "a\nb\tc",
    "\x9b31m\x85",
    "漢字" * 40,
    "\u200b",
]
# What Textual and the app send themselves: CSI, the title, the pointer's shape; nothing else may be below a blank.
OURS = re.compile(rb"\x1b\[[0-9;?<>=$ ]*[@-~]|\x1b\](?:2|22);[^\x07\x1b]*\x07|\x1b[=>78]|\x1bP[^\x1b]*\x1b\\\\|[\r\n]")


SIZES = ((1, 1), (10, 3), (500, 200), (60, 15), (59, 14), (200, 60), (2, 100), (300, 2), (80, 24))


@pytest.fixture
def folder(store: RunStore) -> Iterator[RunStore]:
    """A folder of runs whose worker, if one is started, ends with the test."""
    yield store
    with suppress(KeyError, OSError, ProcessLookupError):
        os.kill(worker_of(store), signal.SIGTERM)


def start(
    store: RunStore, columns: int = 100, lines: int = 30, environment: dict[str, str] | None = None
) -> PseudoTerminal:
    return PseudoTerminal(cnnlab_tui("--runs", store.root), columns=columns, lines=lines, environment=environment)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_newcomer_trains_compares_reports_exports_and_leaves(folder: RunStore) -> None:
    with start(folder) as terminal:
        terminal.until("No runs in runs/")
        terminal.press("\r")
        terminal.until("queued", 120)
        terminal.until("train ", 300)
        terminal.press("3")
        terminal.until("Accuracy, %", 120)
        terminal.press("q")
        assert terminal.wait(30) == 0
        assert "Back: cnnlab-tui" in bytes(terminal.raw).decode()
    with start(folder) as terminal:
        terminal.until("[3 Curves]")  # where one left
        terminal.press("1")
        wait_for(lambda: all(run.state == "finished" for run in folder.runs()), 600)
        terminal.until("0 runs")
        assert "queued" not in terminal.text
        terminal.press("4")
        terminal.until("Pick")
        terminal.press("5")
        terminal.until("macro avg")
        terminal.press("X")
        terminal.until(lambda: "equal" in terminal.text or "model.onnx" in terminal.text, 120)
        wait_for(lambda: any((run.path / "model.onnx").is_file() for run in folder.runs()), 120)
        terminal.press("q")
        assert terminal.wait(30) == 0
        assert "goes on" not in terminal.text


@pytest.mark.parametrize("by_signal", [True, False])
def test_a_connection_that_drops_ends_the_app_and_nothing_else(folder: RunStore, by_signal: bool) -> None:
    run = make(folder, "survivor")
    with run.own() as owner:
        owner.update(state="training")
        terminal = start(folder)
        with terminal:
            terminal.until("survivor")
            terminal.press("3")
            terminal.until("[3 Curves]")
            if by_signal:
                terminal.process.send_signal(signal.SIGHUP)
                terminal.wait(10)
                assert bytes(terminal.raw).rindex(b"\x1b[?1049l") > bytes(terminal.raw).rindex(b"\x1b[?1049h")
            else:
                terminal.hang_up()
                terminal.process.wait(10)
        assert run.reload().state == "training"
        with start(folder) as again:
            again.until("[3 Curves]")
            again.until("survivor")
            again.press("q")
            assert again.wait(30) == 0
            assert "survivor goes on" in bytes(again.raw).decode()


def test_the_terminal_is_as_it_was(folder: RunStore) -> None:
    make(folder, "one")
    with start(folder) as terminal:
        before = terminal.modes()
        terminal.until("one")
        assert terminal.modes() != before
        terminal.press("q")
        assert terminal.wait(30) == 0
        assert terminal.modes() == before
        raw = bytes(terminal.raw)
        for on, off in ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h"), (b"\x1b[22;2t", b"\x1b[23;2t")):
            assert raw.rindex(off) > raw.rindex(on)


def test_any_size_is_survived(folder: RunStore) -> None:
    for number in range(40):
        folder.create({"dataset": {}, "model": {}, "training": {}}, fingerprint="f", name=f"run-{number:02}")
    with start(folder, 80, 24) as terminal:
        terminal.until("run-39")
        for columns, lines in (
            (1, 1),
            (10, 3),
            (500, 200),
            (60, 15),
            (59, 14),
            (200, 60),
            (2, 100),
            (300, 2),
            (80, 24),
        ):
            terminal.resize(columns, lines)
            terminal.listen(0.1)
            terminal.press("j")
        terminal.until("newest first")
        terminal.resize(20, 4)
        terminal.until("too small")
        terminal.resize(80, 24)
        terminal.until("newest first")
        terminal.press("q")
        assert terminal.wait(30) == 0
        assert b"Traceback" not in terminal.raw


def test_names_never_steer_the_terminal(folder: RunStore) -> None:
    for number, name in enumerate(HOSTILE):
        study = {"id": "20260101-000000-aaaa", "name": name, "kind": "pooling", "label": name}
        make(folder, name, ("max", "avg")[number % 2], study=study)
    with start(folder, 120, 36) as terminal:
        terminal.until("[/red]")
        for keys, shown in (("vv", "pooling"), ("a", "marked"), ("d", "[j k] move")):
            terminal.press(keys)
            terminal.until(shown)
        terminal.press("q")
        terminal.until(lambda: "[j k] move" not in terminal.text)
        for key, name in (("3", "Curves"), ("4", "Compare"), ("5", "Report"), ("1", "Runs")):
            terminal.press(key)
            terminal.until(f"[{key} {name}]")
            terminal.listen(0.3)
        terminal.press("q")
        assert terminal.wait(30) == 0
        raw = bytes(terminal.raw)
    rest = OURS.sub(b"", raw).decode()
    assert not {character for character in rest if character < " " or "\x7f" <= character < "\xa0"}
    assert not set("\u202e") & set(rest)
    for stolen in (b"\x1b]52", b"\x1b[2J\x1b[6n", b"\x1b[6n"):
        assert stolen not in raw


def test_the_title_says_how_far_the_training_is(folder: RunStore) -> None:
    run = make(folder, "abf-max")
    with run.own() as owner:
        owner.write_progress(
            {"heartbeat": 1, "epoch": 25, "epochs": 40, "step": 0, "steps_per_epoch": 2, "seconds": 1.0}
        )
        owner.update(state="training")
        with start(folder) as terminal:
            terminal.until(lambda: terminal.title == "60% abf-max")
            terminal.press("q")
            assert terminal.wait(30) == 0


def test_another_folder_is_opened_in_the_same_terminal(folder: RunStore, tmp_path: Path) -> None:
    make(folder, "abf-one")
    make(RunStore(tmp_path / "other"), "abf-two")
    with start(folder) as terminal:
        terminal.until("abf-one")
        before = terminal.process.pid
        terminal.press(f":runs {tmp_path / 'other'}")
        terminal.until("its own marks")
        terminal.press("\r")
        terminal.until("abf-two")
        assert "abf-one" not in terminal.text
        assert terminal.process.pid == before
        terminal.press("q")
        assert terminal.wait(30) == 0
        assert b"Traceback" not in terminal.raw


@pytest.mark.parametrize("plain", [{"LC_ALL": "C"}, {"TERM": "linux"}])
def test_where_the_terminal_has_no_signs_only_ascii_is_sent(folder: RunStore, plain: dict[str, str]) -> None:
    for number, pooling in enumerate(("stride", "max", "avg") * 2):
        make(folder, f"run with a name that is too long for its column {number}", pooling, 0.7 + number / 20)
    for size in ((80, 24), (200, 60)):
        with start(folder, *size, environment=plain) as terminal:
            terminal.until("newest first")
            for key, shown in (
                ("4", "Pick"), ("v", "McNemar"), ("vv", "Validation accuracy"), ("v", "one seed"), ("5", "macro avg"),
                ("v", "true"), ("v", "times"), ("3", "Accuracy, %"), ("\r", "esc: back"), ("2", "[2 New]"),
                ("?", "KEYS"), ("q", "[2 New]"), ("1", "newest first"), (":", "Search"), ("\x1b", "newest first"),
                ("d", "[j k] move"), ("q", "newest first"),
            ):  # fmt: skip
                terminal.press(key)
                if key not in ("v", "vv", "\r", "?"):
                    terminal.until(shown)
                terminal.listen(0.3)
            terminal.press("q")
            assert terminal.wait(30) == 0
            assert bytes(terminal.raw).isascii()
