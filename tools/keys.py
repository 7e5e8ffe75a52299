"""The table of keys in README, made from the bindings that the footer and the help are made from."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"(?<=<!-- keys -->\n).*?(?=<!-- /keys -->)", re.DOTALL)


def key_tables() -> str:
    """One table for each screen, `everywhere` first; keys that a screen has from everywhere are not said again."""
    from engine.store import RunStore
    from tui.app import LabApp

    lines = []
    for name, rows in LabApp(RunStore("runs")).keys().items():
        lines += [f"\n**{name}**\n", "| key | |", "|---|---|"]
        lines += [f"| {_code(keys)} | {words.replace('|', chr(92) + '|')} |" for _, keys, words in rows]
    return "\n".join(lines) + "\n\n"


def with_keys(page: str) -> str:
    """The page with what stands between `<!-- keys -->` and `<!-- /keys -->` made anew."""
    return _BLOCK.sub(lambda _: key_tables(), page)


def _code(keys: str) -> str:
    return " ".join(f"`{key}`" for key in keys.split(", ")).replace("`|`", "`\\|`")
