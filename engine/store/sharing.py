"""Many run.json read fast and kept small: ten thousand runs have few settings and one machine between them."""

from __future__ import annotations

import marshal
from sys import intern
from typing import Any

from engine.documents import DocumentError, parse_document
from engine.store.chance import random_below

_MOST = 4096
_HEADS = tuple((name, f'\n "{name}": {{\n'.encode()) for name in ("experiment", "environment"))
_TAIL = b"\n }"
_HOLE = random_below(1 << 62)  # stands where a known piece of text was cut out
_WORDS = {
    "summary": ("selected_on", "test_sha256"),
    "study": ("id", "name", "kind", "label"),
    "request": ("device", "data_dir"),
}
_PARTS = {"summary": ("images",), "study": ("seeds",), "request": ()}


class SharedParts:
    """What documents have in common, kept once; whoever reads a document must not change it.

    Args:
        slim: a third of the memory for a seventh more time; not for who leaves again at once.
    """

    def __init__(self, *, slim: bool = True) -> None:
        self._is_slim = slim
        self._texts: dict[bytes, dict[str, Any]] = {}
        self._parts: dict[bytes, Any] = {}

    def parse(self, data: bytes) -> Any:
        """As `parse_document`. Settings and environment of the usual form that were read before are not parsed again.

        Raises:
            DocumentError: as `parse_document`.
        """
        rest, found = data, {}
        for name, head in _HEADS:
            begin = rest.find(head)
            end = rest.find(_TAIL, begin)
            if begin < 0 or end < 0:
                continue
            start, end = begin + len(head) - 2, end + len(_TAIL)
            if (part := self._read_text(rest[start:end])) is not None:
                rest = b"%b%d%b" % (rest[:start], _HOLE, rest[end:])
                found[name] = part
        try:
            document = parse_document(rest)
        except DocumentError:
            return parse_document(data)  # for its message
        if not isinstance(document, dict) or any(document.get(name) != _HOLE for name in found):
            return self._slim(parse_document(data))  # the piece was inside of something else
        return self._slim(document | found)

    def _read_text(self, text: bytes) -> dict[str, Any] | None:
        """A cut-out object, known or parsed; None where it is none."""
        if (known := self._texts.get(text)) is not None:
            return known
        try:
            table = parse_document(text)
        except DocumentError:
            return None
        if len(self._texts) >= _MOST:
            self._texts.clear()
        self._texts[text] = table = {intern(name): self._share(value) for name, value in table.items()}
        return table

    def _slim(self, document: Any) -> Any:
        """An equal document with its keys interned, and what repeats in its tables shared."""
        if not self._is_slim or not isinstance(document, dict):
            return document
        slim = _with_shared_keys(document)
        _share_words(slim, ("state", "fingerprint", "note"))
        for name, words in _WORDS.items():
            if type(table := slim.get(name)) is dict:
                slim[name] = table = _with_shared_keys(table)
                _share_words(table, words)
                self._share_parts(table, _PARTS[name])
        self._share_parts(slim, ("tags", "images"))
        return slim

    def _share_parts(self, table: dict[str, Any], names: tuple[str, ...]) -> None:
        for name in names:
            if name in table:
                table[name] = self._share(table[name])

    def _share(self, value: Any) -> Any:
        if type(value) is not dict and type(value) is not list:
            return value
        # version 2: bytes that depend on the value alone; unlike equality they tell 1, 1.0 and true apart
        code = marshal.dumps(value, 2)
        if len(self._parts) >= _MOST:
            self._parts.clear()
        return self._parts.setdefault(code, value)


def _with_shared_keys(table: dict[str, Any]) -> dict[str, Any]:
    return dict(zip(map(intern, table), table.values(), strict=True))


def _share_words(table: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if type(word := table.get(name)) is str:
            table[name] = intern(word)
