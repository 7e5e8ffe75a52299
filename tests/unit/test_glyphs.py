"""Signs that stand for ours on a plain terminal."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from engine.layout import text_width
from tui.glyphs import PLAIN, has_unicode

ROOT = Path(__file__).parents[2]
NOT_SHOWN = {"tui/keyboard.py", "tui/plot.py", "engine/text.py", "engine/data/folder.py", "tui/form/values.py"}


def shown_literals() -> dict[str, str]:
    """Every character outside ASCII in a text of the source that is no docstring, with a file that has it."""
    found: dict[str, str] = {}
    for path in sorted((*ROOT.glob("tui/**/*.py"), *ROOT.glob("engine/**/*.py"))):
        name = str(path.relative_to(ROOT))
        if name in NOT_SHOWN:
            continue
        tree = ast.parse(path.read_text())
        statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements:
                found.update({character: name for character in node.value if not character.isascii()})
    return found


def test_every_sign_of_ours_has_a_plain_one_as_wide() -> None:
    for sign, place in shown_literals().items():
        plain = sign.translate(PLAIN)
        assert plain.isascii(), (sign, place)
        assert len(plain) == text_width(sign), (sign, place)


@pytest.mark.parametrize(
    ("environment", "trusted"),
    [
        ({}, True), ({"LANG": "C"}, False), ({"LC_ALL": "POSIX"}, False),
        ({"LANG": "C", "LC_ALL": "de_DE.UTF-8"}, True),
        ({"LANG": "C.UTF-8"}, True), ({"TERM": "linux"}, False),
    ],
)  # fmt: skip
def test_a_locale_that_says_c_is_believed(environment: dict[str, str], trusted: bool) -> None:
    assert has_unicode("utf-8", environment) is trusted
    assert not has_unicode("latin-1", environment)
