"""The two lines of keys at the bottom: the first looks, the second acts. Made from the bindings that are in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from engine.layout import text_width
from tui.keyboard import is_line, is_typed, takes_text
from tui.keys import bindings_of, key_name

ON_MARKS = "on-marks"  # the id of a binding that acts on the marks begins so
_LAST = ("back", "quit", "help")


@dataclass(frozen=True)
class Key:
    """One key as the footer shows it."""

    key: str
    display: str
    words: str

    @property
    def width(self) -> int:
        return text_width(self.display) + 1 + text_width(self.words)


class KeyDecks(Widget):
    """Small letters above, capitals below. As many as fit; `?` names the rest."""

    DEFAULT_CSS = """
    KeyDecks { height: 2; dock: bottom; color: $text-muted; }
    KeyDecks > .key-decks--key { color: $foreground; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-decks--key"}

    def __init__(self) -> None:
        super().__init__()
        self._marked = 0
        self._decks: tuple[list[Key], list[Key]] = [], []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self._lay_out()

    def _bindings_changed(self, screen: Screen[object]) -> None:
        self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()

    def show_marked(self, count: int) -> None:
        """On how many runs the acts act, if on the marks."""
        if count != self._marked:
            self._marked = count
            self._lay_out()

    def _lay_out(self) -> None:
        decks = lay_out(list(self._keys()), self.size.width)
        if decks != self._decks:
            self._decks = decks
            self.refresh()

    def _keys(self) -> Iterator[tuple[str, Key]]:
        """The footer's keys with the role of each: looks, acts, or one of the last."""
        focused = self.screen.focused
        typing = takes_text(focused)
        if is_line(focused):
            yield "looks", Key("enter", "enter", "Keep")
        declared = {b: n for n, b in enumerate(bindings_of(type(self.screen)))}
        known = self.screen.active_bindings.values()
        seen: set[str] = set()
        for active in sorted(known, key=lambda active: _place(active.binding, declared)):
            binding = active.binding
            if not binding.show or not binding.description or not active.enabled or binding.action in seen:
                continue
            if typing and is_typed(binding.key):
                continue
            seen.add(binding.action)
            words = binding.description
            if self._marked > 1 and (binding.id or "").startswith(ON_MARKS):
                words += f" {self._marked:,}"
            key = Key(binding.key, binding.key if typing and binding.key != "escape" else key_name(binding), words)
            is_act = len(binding.key) == 1 and binding.key.isupper()
            yield binding.id if binding.id in _LAST else "acts" if is_act else "looks", key

    def render_line(self, y: int) -> Strip:
        style, key_style = self.rich_style, self.get_component_rich_style("key-decks--key")
        segments = []
        for key in self._decks[y] if y < len(self._decks) else ():
            segments += [Segment(f" {key.display}", key_style), Segment(f" {key.words} ", style)]
        return Strip(segments).adjust_cell_length(self.size.width, style)

    async def on_click(self, event: events.Click) -> None:
        x = 0
        for key in self._decks[event.y] if event.y < len(self._decks) else ():
            x += key.width + 2
            if event.x < x:
                self.app.simulate_key(key.key)
                return


def _place(binding: Binding, declared: Mapping[Binding, int]) -> int:
    """The screen's own first, then its bases', then the app's and the focused widget's."""
    same = [n for b, n in declared.items() if (b.action, b.id) == (binding.action, binding.id)]
    same += [n for b, n in declared.items() if binding.key in b.key.split(",")]  # one of two that a key may be
    return next(iter(same), len(declared))


def lay_out(keys: Sequence[tuple[str, Key]], width: int) -> tuple[list[Key], list[Key]]:
    """Which keys stand in which line.

    Args:
        keys: each with its role: `looks`, `acts`, or `back`, `quit`, `help`, which stand last in the second line.
        width: cells.
    """
    last = [key for role in _LAST for found, key in keys if found == role]
    looks, left = _fit([key for role, key in keys if role == "looks"], width)
    room = width - sum(key.width + 2 for key in last)
    acts, _ = _fit([key for role, key in keys if role == "acts"], room)
    more, _ = _fit(left, room - sum(key.width + 2 for key in acts))
    return looks, [*acts, *more, *last]


def _fit(keys: Sequence[Key], width: int) -> tuple[list[Key], list[Key]]:
    """As many of the first keys as fit, and those that are left."""
    for count, key in enumerate(keys):
        width -= key.width + 2
        if width < 0:
            return list(keys[:count]), list(keys[count:])
    return list(keys), []
