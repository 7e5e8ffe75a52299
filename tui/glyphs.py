"""Which characters a terminal can be trusted with, and what stands for our own where it cannot.

Pictures are drawn in another way then: letters for braille, shades for half blocks. All other signs, Textual's among
them, are replaced in one place: on their way to the terminal.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

_PLAIN_LOCALES = {"C", "POSIX"}
_BOXES, _BLOCKS = range(0x2500, 0x2580), range(0x2580, 0x25A0)
_SIGNS = {
    "…": "~", "·": "/", "−": "-", "–": "-", "×": "x", "√": "v", "°": " ", "±": "~", "Δ": "d",
    "←": "<", "↑": "^", "→": ">", "↓": "v", "◆": "*", "●": "o", "•": "*", "▶": ">", "🔎": "? ",
    "─": "-", "━": "-", "│": "|", "┃": "|", "█": "#", "░": ".", "▔": "-", "▁": "_",
}  # fmt: skip
PLAIN = {**dict.fromkeys(_BOXES, "+"), **dict.fromkeys(_BLOCKS, " "), **str.maketrans(_SIGNS)}
"""What stands for each sign, in as many cells."""


def has_unicode(encoding: str, environment: Mapping[str, str] | None = None) -> bool:
    """Whether braille and line drawing may be sent.

    Not where the locale says `C` (Python speaks UTF-8 there all the same), and not on the Linux console, whose font
    has no braille. A locale that says nothing at all is no objection: containers and many logins set none.

    Args:
        encoding: that the terminal's output is written in.
        environment: the process's, if None.
    """
    values = os.environ if environment is None else environment
    locale = values.get("LC_ALL") or values.get("LANG") or ""
    return encoding.lower().startswith("utf") and locale not in _PLAIN_LOCALES and values.get("TERM") != "linux"


def plain_driver(driver: type[Any]) -> type[Any]:
    """A driver of Textual that sends plain signs. What foreign text is made of stays as it is."""

    class PlainDriver(driver):  # type: ignore[misc]
        def write(self, data: str) -> None:
            super().write(data.translate(PLAIN))

    return PlainDriver
