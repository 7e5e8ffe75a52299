"""Foreign text made safe for a terminal: what a file, a host or a user wrote never steers the screen."""

from __future__ import annotations

import re

# C0, DEL, C1; zero-width and bidirectional controls; line and paragraph separators; lone surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_UNSAFE_INSIDE = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\t\x0b-\x1f"))  # line ends stay


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def clean(text: object) -> str:
    r"""The text with control characters shown escaped: `"a\x1b[31m"` becomes `"a\\x1b[31m"`."""
    return _UNSAFE.sub(_escape, str(text))


def clean_lines(text: str) -> str:
    """As `clean`, for a text whose line ends are its own: CSV, Markdown."""
    return "\n".join(map(clean, text.split("\n")))


def escape_json(document: str) -> str:
    r"""A JSON or TOML document with control characters in its strings as `\u202e`, which reads back as the same."""
    if document.isascii() and document.replace("\n", "").isprintable():
        return document  # told sooner than by looking for each, which counts for ten thousand runs
    return _UNSAFE_INSIDE.sub(lambda match: f"\\u{ord(match.group()):04x}", document)


def shorten(text: str, width: int) -> str:
    """The text cut to `width` characters, the cut shown by an ellipsis."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"
