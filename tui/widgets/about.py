"""What is known of the run under the cursor, below a rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from engine.layout import fit
from tui.widgets.painted import Painted


class About(Painted):
    """A rule and a few lines of clean text."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"about--rule"}

    def __init__(self, rule: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._rule = rule
        self._texts: Sequence[str] = ()

    def show(self, texts: Sequence[str]) -> None:
        """These lines."""
        self._texts = texts
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width = self.size.width
        lines = [((self._rule * width, "about--rule"),)]
        self.paint([*lines, *(((fit(f" {text}", width), ""),) for text in self._texts)])
