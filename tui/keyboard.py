"""Keys that are typed, and keys by their place: a Russian layout gives the same commands as a Latin one."""

from __future__ import annotations

from string import punctuation

from textual import events
from textual.keys import _character_to_key
from textual.widget import Widget

_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбюё"
_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_LATIN_SHIFTED = 'QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>~'
_BY_PLACE = dict(zip(_RUSSIAN + _RUSSIAN.upper(), _LATIN + _LATIN_SHIFTED, strict=True))
_TYPED = {_character_to_key(character) for character in f" {punctuation}"}


def latin(event: events.Key) -> events.Key:
    """The key that a Latin layout has in this place: `й` is `q`, `Ж` is `:`. Other keys are themselves."""
    character = _BY_PLACE.get(event.character or "")
    if character is None:
        return event
    return events.Key(_character_to_key(character), character)


def takes_text(widget: Widget | None) -> bool:
    """Whether letters are typed into it. By name: to import the fields would make the first paint wait for them."""
    return any(base.__name__ in ("Input", "TextArea") for base in type(widget).__mro__)


def is_line(widget: Widget | None) -> bool:
    """Whether it is one line, which leaves all but letters to its bindings."""
    return any(base.__name__ == "Input" for base in type(widget).__mro__)


def is_typed(key: str) -> bool:
    """Whether a key of this name writes a character where text is taken."""
    return len(key) == 1 or key in _TYPED
