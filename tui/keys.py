"""Bindings as people read them: in the order in which they were declared, under the names that keys have."""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import Binding
from textual.dom import DOMNode

_NAMES = {
    "left_square_bracket": "[", "right_square_bracket": "]", "slash": "/", "question_mark": "?", "colon": ":",
    "equals_sign": "=", "plus": "+", "minus": "-", "escape": "esc", "up": "↑", "down": "↓", "left": "←", "right": "→",
}  # fmt: skip


def bindings_of(owner: type[DOMNode]) -> Iterator[Binding]:
    """What a class of ours binds, itself before its bases; what Textual binds by itself is not ours to tell."""
    seen: set[str] = set()
    for base in owner.__mro__:
        if not base.__module__.startswith("tui."):
            continue
        for binding in base.__dict__.get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.key not in seen:
                seen.add(binding.key)
                yield binding


def key_name(binding: Binding) -> str:
    """`esc`: the first key that a binding has."""
    key = binding.key.partition(",")[0]
    return binding.key_display or _NAMES.get(key, key)


def key_names(binding: Binding) -> str:
    """`esc, backspace`: the keys as people write them."""
    return ", ".join(_NAMES.get(key, key) for key in binding.key.split(","))
