"""Which cnnlab this is."""

from __future__ import annotations

from pathlib import Path

__version__ = "0.1.0"


def source_commit() -> str | None:
    """The commit of the checkout that this package runs from; None for an installed package."""
    git = Path(__file__).resolve().parent.parent / ".git"
    try:
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        return (git / head.removeprefix("ref: ")).read_text().strip()
    except OSError:
        return None
