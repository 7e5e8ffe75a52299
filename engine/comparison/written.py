"""A comparison as a file's text: by the file's ending."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from engine.comparison.fields import group_fields
from engine.comparison.lines import sentence_lines
from engine.comparison.table import to_csv, to_markdown
from engine.errors import RequestError
from engine.text import clean

ENDINGS = (".csv", ".md", ".html")
_UNLIMITED = 10_000


def comparison_text(document: Mapping[str, Any], file_name: str) -> str:
    """The document of `compare` as the ending of `file_name` wants it.

    Raises:
        RequestError: for another ending.
    """
    ending = PurePath(file_name).suffix.lower()
    if ending == ".csv":
        return to_csv(dict(document))
    if ending == ".md":
        return to_markdown(dict(document))
    if ending == ".html":
        return to_html(document)
    raise RequestError(f"{clean(file_name)!r} does not end in one of {', '.join(ENDINGS)}", field="file")


def to_html(document: Mapping[str, Any]) -> str:
    """One page that needs nothing else: a row a group, and every sentence below; all text is escaped."""
    fields = group_fields(document, "test")
    head = "".join(f"<th>{html.escape(field.column.heading)}</th>" for field in fields)
    rows = []
    for group in document["groups"]:
        cells = "".join(f"<td>{html.escape(field.text(group))}</td>" for field in fields)
        rows.append(f"<tr>{cells}</tr>")
    sentences = "".join(f"<p>{html.escape(line)}</p>\n" for line in sentence_lines(dict(document), _UNLIMITED))
    return _PAGE.format(head=head, rows="\n".join(rows), sentences=sentences, runs=len(document["runs"]))


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{runs} runs compared</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color-scheme: light dark; max-width: 70rem }}
td, th {{ padding: .15rem .8rem; text-align: right; font-variant-numeric: tabular-nums }}
td:first-child, th:first-child {{ text-align: left }}
</style>
<h1>{runs} runs compared</h1>
<table><tr>{head}</tr>
{rows}
</table>
{sentences}</html>
"""
