"""Keys by their place on the keyboard: a Russian layout types the same commands as a Latin one."""

from __future__ import annotations

from textual import events
from textual.keys import _character_to_key

_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбюё"
_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_LATIN_SHIFTED = 'QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>~'
_BY_PLACE = dict(zip(_RUSSIAN + _RUSSIAN.upper(), _LATIN + _LATIN_SHIFTED, strict=True))


def latin(event: events.Key) -> events.Key:
    """The key that a Latin layout has in this place: `й` is `q`, `Ж` is `:`. Other keys are themselves."""
    character = _BY_PLACE.get(event.character or "")
    if character is None:
        return event
    return events.Key(_character_to_key(character), character)
