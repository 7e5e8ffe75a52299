"""How a report is looked at, without a screen: what is folded, opened, narrowed, and where the parts stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.class_names import CIFAR100
from engine.report.loaded import load_report
from engine.store import RunStore
from tests.screens.reports import scored
from tui.report.arrangement import arrange
from tui.report.look import Look, Seen


def test_escape_leaves_the_deepest_layer_first() -> None:
    look = Look(words="app", marked={"apple": None})
    look.next_view()
    look.open(("fish", "trees"))
    look.picture(("shark", "oak_tree"))
    left = []
    while look.back():
        left.append((look.view, look.opened, look.pictured, look.words, bool(look.marked)))
    assert left == [
        ("matrix", ("fish", "trees"), None, "app", True),
        ("matrix", None, None, "app", True),
        ("table", None, None, "app", True),
        ("table", None, None, "", True),
        ("table", None, None, "", False),
    ]


def test_what_was_chosen_for_other_classes_is_forgotten() -> None:
    look = Look(marked={"apple": None, "pear": None}, pictured=("apple", "pear"))
    look.keep_to(["apple", "baby"])
    assert (list(look.marked), look.pictured) == (["apple"], None)


def test_marks_and_words_choose_what_the_matrix_shows(store: RunStore) -> None:
    mistakes = {("apple", "pear"): 3, ("shark", "dolphin"): 5}
    run = scored(store, "all", mistakes, dataset={"name": "cifar100", "classes": CIFAR100}, each=10)
    report, look = load_report(run), Look()
    seen = Seen(report, look)
    matrix = seen.matrix()
    assert matrix is not None
    assert (len(matrix.rows), seen.is_folded) == (20, True)
    look.words = "shark"
    matrix = seen.matrix()
    assert matrix is not None
    assert (matrix.rows, len(matrix.columns)) == (("shark",), 100)
    assert seen.pairs().keys == [("shark", "dolphin")]
    look.toggle_marks(["apple", "pear"])
    matrix = seen.matrix()
    assert matrix is not None
    assert matrix.rows == ("apple", "pear")
    assert seen.pairs().keys == []
    look.words = ""
    look.toggle_mark("pear")
    assert seen.pairs().keys == [("apple", "pear")]


def test_a_run_without_validation_images_says_so(store: RunStore, tmp_path: Path) -> None:
    run = scored(store, "x", {("3", "8"): 1})
    report = load_report(run)
    without = {split: document for split, document in report.documents.items() if split != "validation"}
    seen = Seen(type(report)(run, None, without), Look(split="validation"))
    assert seen.missing == "this run held no images out for validation"
    assert (seen.classes().rows, seen.pairs().rows, seen.matrix(), seen.sentences()) == ((), (), None, [])


SIZES = {"table_width": 90, "table_height": 8, "matrix_width": 40, "matrix_height": 4}
MANY = {**SIZES, "table_height": 105, "matrix_width": 90, "matrix_height": 21}


@pytest.mark.parametrize(
    ("width", "height", "needs", "shown"),
    [
        (60, 10, SIZES, ("table",)),
        (80, 17, SIZES, ("table", "matrix", "pairs")),
        (78, 17, SIZES, ("table", "pairs")),
        (120, 31, SIZES, ("table", "matrix", "pairs", "images")),
        (80, 19, MANY, ("table",)),
        (120, 31, MANY, ("table", "pairs")),
        (200, 34, MANY, ("table", "matrix", "pairs")),
        (200, 55, MANY, ("table", "matrix", "pairs", "images")),
    ],
)
def test_what_stands_beside_the_table_depends_on_the_room(
    width: int, height: int, needs: dict[str, int], shown: tuple[str, ...]
) -> None:
    found = arrange("table", width, height, **needs)
    assert found.shown == shown
    columns, rows = len(found.columns.split()), len(found.rows.split())
    cells = sum(across * down for across, down in (found.spans.get(name, (1, 1)) for name in shown))
    assert cells == columns * rows
    assert arrange("pairs", width, height, **needs).shown == ("pairs",)
