"""Help: every key of every screen, made from the bindings themselves, and a glossary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode

from tui.glossary import GLOSSARY
from tui.keys import bindings_of, key_names
from tui.screens.ask import Details


def key_table(
    screens: Mapping[str, Sequence[type[DOMNode]]], app: type[App[None]]
) -> dict[str, list[tuple[str, str, str]]]:
    """Per screen its keys: Textual's names, as people write them, what each does; `everywhere` first.

    Args:
        screens: by name, the screen's class and those of the widgets that have keys of their own on it.
    """
    table = {"everywhere": _rows(bindings_of(app))}
    for name, owners in screens.items():
        table[name] = _rows(binding for owner in owners for binding in bindings_of(owner))
    return table


def _rows(bindings: Iterable[Binding]) -> list[tuple[str, str, str]]:
    """Every key once: the first that binds it wins."""
    rows: dict[str, tuple[str, str, str]] = {}
    for binding in bindings:
        rows.setdefault(binding.key, (binding.key, key_names(binding), binding.tooltip or binding.description))
    return list(rows.values())


class Help(Details):
    """Keys of the screen one is on first, then those of everywhere, then the others', then words."""

    def __init__(self, current: str, table: Mapping[str, Sequence[tuple[str, str, str]]]) -> None:
        order = sorted(table, key=lambda name: (name != current, name != "everywhere"))
        super().__init__("Keys and words", list(_lines((name, table[name]) for name in order)), hang=23)


def _lines(parts: Iterable[tuple[str, Sequence[tuple[str, str, str]]]]) -> Iterator[str]:
    for name, rows in parts:
        yield name.upper() if name == "everywhere" else f"ON {name.upper()}"
        for _, keys, words in rows:
            yield f"  {keys:<20} {words}"
        yield ""
    yield "WORDS"
    for word, meaning in GLOSSARY.items():
        yield f"  {word:<20} {meaning}"
