"""A report as a file's text: by the file's ending."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from engine.documents import encode_document
from engine.errors import RequestError
from engine.report.formats import to_csv, to_html
from engine.text import clean

ENDINGS = (".csv", ".html", ".json")


def report_text(document: Mapping[str, Any], file_name: str, title: str) -> str:
    """The document of `report` as the ending of `file_name` wants it.

    Raises:
        RequestError: for another ending.
    """
    ending = PurePath(file_name).suffix.lower()
    if ending == ".csv":
        return to_csv(dict(document))
    if ending == ".html":
        return to_html(dict(document), title)
    if ending == ".json":
        return encode_document(document, indent=2).decode() + "\n"
    raise RequestError(f"{clean(file_name)!r} does not end in one of {', '.join(ENDINGS)}", field="file")
