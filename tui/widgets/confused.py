"""The images of one confused pair: opened and read in a thread, drawn as they come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine.layout import wrapped
from engine.report.images import Opened, open_pictures
from engine.store import Run
from engine.text import clean
from tui.widgets.gallery import Gallery

Pair = tuple[str, str | None]


class Confused(Vertical):
    """A line that says what is shown, and the pictures below.

    Args:
        blocks: the terminal shows half blocks.
    """

    DEFAULT_CSS = """
    Confused > Static { height: auto; max-height: 4; text-style: bold; }
    Confused > Gallery { height: 1fr; }
    """

    class Ready(Message):
        """A split was opened, or cannot be."""

        def __init__(self, number: int, opened: Opened) -> None:
            super().__init__()
            self.number, self.opened = number, opened

    class Taken(Message):
        """Pixels of some images were read, or cannot be."""

        def __init__(self, number: int, pictures: dict[int, NDArray[np.uint8]], problem: str = "") -> None:
            super().__init__()
            self.number, self.pictures, self.problem = number, pictures, problem

    def __init__(self, *, blocks: bool, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._blocks = blocks
        self._key: tuple[object, ...] = ()
        self._number = 0  # of what is opened: what an older one finds is dropped
        self._split = ""
        self._pair: Pair | None = None
        self._opened: Opened | None = None
        self._pictures: dict[int, NDArray[np.uint8]] = {}

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)
        yield Gallery(blocks=self._blocks)

    def look_at(
        self,
        run: Run,
        split: str,
        classes: tuple[str, ...],
        pair: Pair,
        reference: Run | None = None,
        data_dir: Path | None = None,
    ) -> None:
        """Show images of the first of the pair that were said to be the second; None: all that are wrong."""
        key = (run.id, run.state, split, reference and reference.id)
        if key == self._key:
            if pair != self._pair:
                self._pair = pair
                self._draw()
            return
        self._key, self._split, self._pair = key, split, pair
        self._number += 1
        self._opened, self._pictures = None, {}
        self._draw()
        self._open(self._number, run, split, classes, reference, data_dir)

    @work(thread=True, exclusive=True, group="open")
    def _open(
        self,
        number: int,
        run: Run,
        split: str,
        classes: tuple[str, ...],
        reference: Run | None,
        data_dir: Path | None,
    ) -> None:
        try:
            opened = open_pictures(run, split, classes, reference, data_dir)
        except Exception as error:  # noqa: BLE001 - a thread that fails must say so, whatever it is
            opened = Opened(problem=f"this should not happen: {clean(error)}")
        self.post_message(self.Ready(number, opened))

    @on(Ready)
    def take_split(self, message: Ready) -> None:
        message.stop()
        if message.number == self._number:
            self._opened = message.opened
            self._draw()

    @on(Gallery.Wants)
    def read(self, message: Gallery.Wants) -> None:
        message.stop()
        if self._opened is not None:
            self._take(self._number, self._opened, message.indices)

    @work(thread=True, group="take")
    def _take(self, number: int, opened: Opened, indices: tuple[int, ...]) -> None:
        taken: dict[int, NDArray[np.uint8]] = {}
        problem = ""
        try:
            if opened.images is not None:
                pixels = opened.images.take(np.array(indices, dtype=np.int64))
                taken = dict(zip(indices, pixels, strict=True))
        except Exception as error:  # noqa: BLE001 - a file that went away under its map, say
            problem = f"no pictures: {clean(error)}"
        self.post_message(self.Taken(number, taken, problem))

    @on(Taken)
    def take_pixels(self, message: Taken) -> None:
        message.stop()
        if message.number != self._number:
            return
        if message.problem:
            self._say(message.problem)
        self._pictures |= message.pictures
        self.query_one(Gallery).show_pictures(self._pictures)

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        opened = self._opened
        if self._pair is None or opened is None:
            self._say(f"{self._what()}: looking …" if self._pair else "")
            return
        true, said = self._pair
        known = opened.own is not None and true in opened.own.classes
        found = opened.own.images_of(true, said, opened.other) if opened.own and known else []
        self._say(f"{self._what()}: {len(found):,} {'image' if len(found) == 1 else 'images'}", opened.problem)
        self.query_one(Gallery).show(found, None if opened.images is None else self._pictures)

    def _what(self) -> str:
        true, said = self._pair or ("", None)
        if said is None:
            return f"{clean(true)}, taken for other classes ({self._split}, the surest first)"
        if said == true:
            return f"{clean(true)}, right ({self._split}, the least sure first)"
        return f"{clean(true)} -> {clean(said)} ({self._split}, the surest first)"

    def _say(self, *texts: str) -> None:
        lines = [line for text in texts if text for line in wrapped(text, max(20, self.size.width - 2))]
        self.query_one(Static).update(Content("\n".join(f" {line}" for line in lines)))
