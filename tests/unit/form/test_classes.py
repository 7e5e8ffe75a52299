"""Ticking classes, and what is told of what they can tell."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.class_names import CIFAR100, CIFAR100_SUPERCLASSES
from engine.store import RunStore
from tui.form.check import check
from tui.form.classes import class_rows, ticked_classes, toggled
from tui.form.data_facts import ClassFacts, DataFacts
from tui.form.form import Form
from tui.form.hints import half_width, hints

GROUP = {name: group for group, members in CIFAR100_SUPERCLASSES.items() for name in members}
CIFAR = DataFacts("cifar100", tuple(ClassFacts(name, GROUP[name], 500, 100) for name in CIFAR100))
ODD = DataFacts("folder", tuple(ClassFacts(name, None, 5, 2) for name in ("a,b", "[c", "d", " e")))


def test_every_superclass_stands_before_its_five() -> None:
    rows = class_rows(CIFAR, ["apple"])
    assert len(rows) == 120
    place = next(n for n, row in enumerate(rows) if row.name == "fruit and vegetables")
    assert (rows[place].sign, rows[place].train, rows[place].ticked) == ("-", 2500, 1)
    assert [row.name for row in rows[place + 1 : place + 6]] == list(CIFAR100_SUPERCLASSES["fruit and vegetables"])
    assert rows[place + 1].sign == "x"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("app", ["apple"]),
        ("pickup tr", ["pickup_truck"]),
        ("FISH", ["fish", "aquarium_fish", "flatfish", "ray", "shark", "trout"]),
        ("zzz", []),
    ],
)
def test_the_filter_finds_classes_and_superclasses(text: str, names: list[str]) -> None:
    assert [row.name for row in class_rows(CIFAR, [], text)] == names


def test_a_superclass_ticks_its_five_and_again_unticks_them() -> None:
    fruit = class_rows(CIFAR, [], "fruit and")[:1]
    text = toggled(CIFAR, "bee", fruit)
    assert text == "apple, bee, mushroom, orange, pear, sweet_pepper"
    assert toggled(CIFAR, text, fruit) == "bee"
    assert toggled(CIFAR, "apple, bee", fruit) == text


def test_a_text_that_is_wrong_is_begun_anew() -> None:
    apple = class_rows(CIFAR, [], "apple")
    assert toggled(CIFAR, "aple", apple) == "apple"
    assert toggled(CIFAR, "fruit and vegetables", apple) == "mushroom, orange, pear, sweet_pepper"


@given(st.sets(st.sampled_from(ODD.names)))
def test_names_of_any_kind_can_be_ticked(names: set[str]) -> None:
    text = ""
    for row in class_rows(ODD, []):
        text = toggled(ODD, text, [row]) if row.name in names else text
    assert set(ticked_classes(ODD, text)) == names


def hint(store: RunStore, **texts: str) -> str:
    form = Form.from_defaults().set("dataset.name", "cifar100").set("dataset.classes", "apple, bee, baby")
    for field, text in texts.items():
        form = form.set(field.replace("__", "."), text)
    return " ".join(hints(check(form, CIFAR), store.runs()))


def test_the_hint_follows_images_and_seeds(store: RunStore) -> None:
    assert hint(store) == (
        "validation: 150 images tell only differences of 8 points or more apart (at 50 %, at worst). "
        "3 seeds help; 1 does not."
    )
    assert "15 images" in hint(store, dataset__validation="0.01")
    assert "2 seeds give no interval; 3 do." in hint(store, seeds="0 1")
    assert "4 seeds give each difference its interval." in hint(store, seeds="0-3")
    assert "1 seed compares models, not settings." in hint(store, training__lr="0.1 0.2")
    assert "selected on test" in hint(store, dataset__validation="test")
    assert "the last epoch" in hint(store, dataset__validation="0")


def test_the_hint_knows_what_runs_before_reached(store: RunStore) -> None:
    dataset: dict[str, Any] = {"name": "cifar100", "classes": ["baby", "bee", "apple"]}
    run = store.create({"dataset": dataset, "model": {}, "training": {}}, fingerprint="f", name="x")
    with run.own() as owner:
        owner.update(state="finished", summary={"validation_accuracy": 0.84})
    assert "differences of 6 points or more apart (at 84 %, as runs before)" in hint(store)


def test_the_half_width_is_wilson_s() -> None:
    assert half_width(0.84, 150) == pytest.approx(0.0585, abs=0.001)
    assert half_width(0.5, 10_000) == pytest.approx(0.0098, abs=0.0001)
