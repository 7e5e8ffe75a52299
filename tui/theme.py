"""Three themes: dark, light, and one of the strongest contrast. Screens name roles, never colours."""

from __future__ import annotations

from textual.theme import Theme

THEMES = (
    Theme(
        name="cnnlab-dark", primary="#5fafd7", secondary="#d7af5f", accent="#d7875f", foreground="#d0d0d0",
        background="#121212", surface="#1c1c1c", panel="#262626", success="#87af5f", warning="#d7af5f",
        error="#ff5f5f", dark=True,
    ),
    Theme(
        name="cnnlab-light", primary="#005f87", secondary="#875f00", accent="#af5f00", foreground="#1c1c1c",
        background="#ffffff", surface="#f4f4f4", panel="#e4e4e4", success="#005f00", warning="#875f00",
        error="#af0000", dark=False,
    ),
    Theme(
        name="cnnlab-contrast", primary="#00ffff", secondary="#ffff00", accent="#ffff00", foreground="#ffffff",
        background="#000000", surface="#000000", panel="#000000", success="#00ff00", warning="#ffff00",
        error="#ff8080", dark=True,
    ),
)  # fmt: skip
