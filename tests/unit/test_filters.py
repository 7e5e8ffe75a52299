"""Filter expressions and sort keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.errors import RequestError
from engine.experiment import setting_fields
from engine.filters import parse_filter, sort_runs
from engine.run_keys import SETTING_KEYS


@dataclass
class Listed:
    id: str
    name: str
    document: dict[str, Any]
    state: str = "finished"
    tags: list[str] = field(default_factory=list)


def listed(number: int, pooling: str = "max", test: float | None = None, **options: Any) -> Listed:
    document = {
        "experiment": {
            "dataset": {"name": "cifar100", "classes": ["apple", "baby"]},
            "model": {"pooling": pooling},
            "training": {"lr": 0.005, "epochs": 500, "seed": number},
        },
        "summary": {"test_accuracy": test, "seconds": 10.0 * number},
        "study": {"name": "pooling", "label": pooling},
        "environment": {"device": "cpu"},
    }
    return Listed(f"20260101-000000-000{number}", f"run {number}", document, **options)


RUNS = [
    listed(1, "max", 0.9),
    listed(2, "avg", 0.8, tags=["Thesis"]),
    listed(3, "stride", None, state="failed"),
]


@pytest.mark.parametrize(
    ("expression", "numbers"),
    [
        ("", "123"),
        ("pooling:max", "1"),
        ("pooling:MA", "1"),
        ("model.pooling:avg", "2"),
        ("state:finished", "12"),
        ("test>0.85", "1"),
        ("test_accuracy<=0.8", "2"),
        ("test<1", "12"),
        ("thesis", "2"),
        ("apple", "123"),
        ("apple run 3", "3"),
        ("lr=0.005", "123"),
        ("lr=0.0050", "123"),
        ("epochs>=500 state:failed", "3"),
        ("pooling=max", "1"),
        ("classes:baby", "123"),
        ("data:cifar100", "123"),
        ("study:avg", "2"),
        ("device:cuda", ""),
        ("time>15", "23"),
        ('"run 2"', "2"),
        ("000001", ""),
        ("-0001", "1"),
        ("seed=2", "2"),
        ("tag:thesis", "2"),
    ],
)
def test_a_filter_keeps_what_it_says(expression: str, numbers: str) -> None:
    test = parse_filter(expression)
    assert "".join(run.id[-1] for run in RUNS if test(run)) == numbers


@pytest.mark.parametrize(
    ("expression", "words"),
    [("poling:max", r"did you mean pooling\?"), ("test>high", "'high' is not a number"), ("model.lr=1", "lr")],
)
def test_a_wrong_filter_says_what_is_wrong(expression: str, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        parse_filter(expression)


@pytest.mark.parametrize(
    ("key", "numbers"),
    [
        ("test", "123"),
        ("-test", "213"),
        ("time", "123"),
        ("-time", "321"),
        ("pooling", "213"),
        ("id", "321"),
        ("name", "123"),
    ],
)
def test_the_better_end_comes_first_and_the_unknown_last(key: str, numbers: str) -> None:
    assert "".join(run.id[-1] for run in sort_runs(RUNS, key)) == numbers


def test_an_unknown_sort_key_names_the_nearest() -> None:
    with pytest.raises(RequestError, match=r"did you mean seconds\?"):
        sort_runs(RUNS, "second")


def test_the_keys_are_those_of_the_settings() -> None:
    assert [f"{section}.{key}" for section, keys in SETTING_KEYS.items() for key in keys] == setting_fields()
