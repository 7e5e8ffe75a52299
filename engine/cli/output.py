"""What goes where: documents and tables on stdout, everything else on stderr, foreign text made safe."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO, cast

from engine.documents import encode_document
from engine.text import clean, escape_json

if TYPE_CHECKING:
    from rich.console import Console
_INDENTED_BYTES = 256 << 10  # indentation is written twenty times as slowly, and nobody reads that much


def print_json(document: Any) -> None:
    """One strict JSON document on stdout, indented where a person may read it; NaN and infinity become null."""
    ascii_only = not _is_utf8()
    text = encode_document(document, ascii_only=ascii_only)
    if len(text) <= _INDENTED_BYTES:
        text = encode_document(document, indent=2, ascii_only=ascii_only)
    sys.stdout.write(escape_json(text.decode()) + "\n")


def print_outcome(document: dict[str, Any], code: int, reason: str) -> None:
    """The document of what was done; where that failed, it also holds the `error` that every failure has."""
    error = {"message": reason, "field": None, "exit": int(code)}
    print_json(document if not code else {**document, "error": error})


def print_line(text: str = "") -> None:
    """One line of data on stdout, as the terminal's encoding can show it."""
    sys.stdout.write(_encodable(text, sys.stdout.encoding) + "\n")


def print_note(text: str) -> None:
    """One line about what is going on, on stderr; a stderr that cannot be written stops no work."""
    notes = _Notes()
    notes.write(_encodable(text, sys.stderr.encoding) + "\n")
    notes.flush()


def print_error(
    message: str,
    field: str | None,
    exit_code: int,
    as_json: bool,
    each: Sequence[tuple[str | None, str]] = (),
) -> None:
    """An error: one line a problem on stderr; with `--json` also the document on stdout.

    Args:
        each: field and words of every problem; where there are several, the document lists them as `errors`.
    """
    if as_json:
        document: dict[str, Any] = {"error": {"message": message, "field": field, "exit": int(exit_code)}}
        if len(each) > 1:
            document["errors"] = [{"field": about, "message": words} for about, words in each]
        print_json(document)
    for line in message.split("\n"):
        print_note(f"cnnlab: {clean(line)}")


def console(*, stderr: bool = False) -> Console:
    """Rich's console: no colour when not a terminal or with NO_COLOR, no markup from foreign text."""
    from rich.console import Console

    class OurConsole(Console):
        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - called where a BrokenPipeError is handled; Rich would leave with exit code 1

    width = None
    stream = sys.stderr if stderr else sys.stdout
    if not stream.isatty():
        width = int(os.environ.get("COLUMNS", "0")) or 120
    file = cast("TextIO", _Notes()) if stderr else stream
    return OurConsole(file=file, markup=False, highlight=False, emoji=False, width=width, soft_wrap=False)


def abandon(stream: TextIO) -> None:
    """Whoever read it is gone, or has no room: nothing reaches it any more, not even what is flushed at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class _Notes:
    """stderr, whose terminal may go away and whose disk may be full while something is trained."""

    def write(self, text: str) -> int:
        try:
            return sys.stderr.write(text)
        except OSError:
            abandon(sys.stderr)
            return len(text)

    def flush(self) -> None:
        try:
            sys.stderr.flush()
        except OSError:
            abandon(sys.stderr)

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


def _is_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def encodable(text: str) -> str:
    """Foreign text as stdout's encoding can show it; before it is measured, since an escape is longer."""
    return _encodable(text, sys.stdout.encoding)


# What stands for our own signs where the encoding has none; one character each, so that tables stay straight.
_PLAIN = str.maketrans({"…": "~", "·": "/", "−": "-", "–": "-", "×": "x", "√": "v"})


def _encodable(text: str, encoding: str | None) -> str:
    """The text as an encoding can show it: our own signs by plain ones, what is left of foreign text escaped."""
    name = encoding or "utf-8"
    try:
        text.encode(name)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(name, "backslashreplace").decode(name)
    return text
