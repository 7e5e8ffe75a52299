"""Settings as users write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.configuration import load_toml, merge, nest, parse_assignment, parse_value
from engine.errors import RequestError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.01", 0.01),
        (".005", 0.005),
        ("5.", 5.0),
        ("1e6", 1e6),
        ("1_000", 1000),
        ("007", 7),
        ("true", True),
        ("max", "max"),
        ('"1"', "1"),
        ("[0.1, 0.2]", [0.1, 0.2]),
        ("a\nb = 3", "a\nb = 3"),
        ("", ""),
        ("nan", "nan"),
    ],
)
def test_a_value_is_toml_or_else_text(text: str, value: Any) -> None:
    if text == "nan":
        assert parse_value(text) != parse_value(text)
    else:
        assert parse_value(text) == value
        assert type(parse_value(text)) is type(value)


@pytest.mark.parametrize("text", ["lr=1", "training.lr", "a.b.c=1", "=1"])
def test_an_assignment_needs_section_key_and_value(text: str) -> None:
    with pytest.raises(RequestError, match=r"section\.key=value"):
        parse_assignment(text)


def test_later_settings_win_key_by_key() -> None:
    merged = merge({"training": {"lr": 1, "epochs": 2}}, nest({"training.lr": 3, "model.pooling": "avg"}))
    assert merged == {"training": {"lr": 3, "epochs": 2}, "model": {"pooling": "avg"}}


def test_a_broken_settings_file_names_itself_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("[training]\nlr = = 3\n")
    with pytest.raises(RequestError, match=r"settings\.toml: not TOML.*line 2"):
        load_toml(path)
    with pytest.raises(RequestError, match="No such file"):
        load_toml(tmp_path / "none.toml")
    with pytest.raises(RequestError, match="Is a directory"):
        load_toml(tmp_path)
