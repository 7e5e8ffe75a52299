"""Numbers in words."""

from __future__ import annotations

from engine.format import counted


def test_one_is_one_and_no_more() -> None:
    assert [counted(number, "epoch") for number in (0, 1, 2, 1350)] == [
        "0 epochs",
        "1 epoch",
        "2 epochs",
        "1,350 epochs",
    ]
    assert counted("?", "epoch") == "? epochs"
    assert [counted(number, "class", "classes") for number in (1, 2)] == ["1 class", "2 classes"]
