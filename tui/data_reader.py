"""Threads that look into data sets and fetch them, and tell what they find. Neither a widget nor the exit waits."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from engine.errors import LabError
from engine.text import clean
from tui.messages import Told

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.data.fetch_pace import FetchNews
    from tui.form.data_facts import DataFacts


class DataRead(Message):
    """What is known of a data set."""

    def __init__(self, facts: DataFacts) -> None:
        super().__init__()
        self.facts = facts


class SamplesRead(Message):
    """Images uint8 `[n, H, W, 3]` of some classes of a data set; why there are none."""

    def __init__(self, data_set: str, images: Mapping[str, NDArray[np.uint8]], problem: str = "") -> None:
        super().__init__()
        self.data_set, self.images, self.problem = data_set, images, problem


class FetchProgress(Message):
    """How much of a data set is fetched. A newer one replaces one that still waits."""

    def __init__(self, data_set: str, news: FetchNews) -> None:
        super().__init__()
        self.data_set, self.news = data_set, news

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, FetchProgress) and message.data_set == self.data_set


class FetchEnded(Message):
    """A data set is fetched and checked, or why not."""

    def __init__(self, data_set: str, problem: str = "") -> None:
        super().__init__()
        self.data_set, self.problem = data_set, problem


class DataReader:
    """Answers in the order of the questions, but of the samples only the newest.

    Args:
        data_dir: where data sets lie; None: the default place.
        tell: takes each message; called from other threads.
    """

    def __init__(self, data_dir: Path | None, tell: Callable[[Message], object]) -> None:
        self._data_dir, self._tell = data_dir, tell
        self._asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._newest_samples = 0
        self._fetching: set[str] = set()
        threading.Thread(target=self._answer, name="data", daemon=True).start()

    def ask(self, name: str) -> None:
        """What is in a data set: answered by `DataRead`."""
        self._asked.put(lambda: self._describe(name))

    def ask_samples(self, name: str, wished: tuple[str, ...], count: int) -> None:
        """The first training images of each of these classes: answered by `SamplesRead`, if asked last."""
        self._newest_samples += 1
        number = self._newest_samples

        def answer() -> None:
            if number == self._newest_samples:
                self._load_samples(name, wished, count)

        self._asked.put(answer)

    def fetch(self, name: str) -> None:
        """Fetch a data set beside all else, going on where it was cut: `FetchProgress`, then `FetchEnded`."""
        if name not in self._fetching:
            self._fetching.add(name)
            threading.Thread(target=self._fetch, args=(name,), name="fetch", daemon=True).start()

    def _answer(self) -> None:
        while True:
            try:
                self._asked.get()()
            except Exception as error:  # noqa: BLE001 - the next question wants an answer, whatever happened to this
                details = traceback.format_exc()
                self._tell(Told(f"this should not happen: {clean(error)}", is_error=True, details=details))

    def _describe(self, name: str) -> None:
        from engine.data.absent import official_counts
        from engine.data.apart import describe_apart
        from engine.data.fetch import ARCHIVES
        from engine.data.load import SOURCES
        from tui.form.data_facts import DataFacts

        size = ARCHIVES[name].size_bytes if name in ARCHIVES else None
        source = SOURCES[name]
        try:
            names = source.class_names(self._data_dir)
            self._tell(DataRead(DataFacts.from_names(name, names, source.superclasses())))
            document = describe_apart(name, self._data_dir)
        except LabError as error:
            self._tell(DataRead(DataFacts(name, problem=error.message, fetch_bytes=size)))
            return
        is_here = all(entry["train"] is not None for entry in document["classes"])
        how = f"fetch {size >> 20:,} MiB, or --data-dir" if size else "give --data-dir"
        problem = "" if is_here else f"{name} is not here: {how}"
        counts = None if is_here else official_counts(name)
        self._tell(DataRead(DataFacts.from_document(document, problem, None if is_here else size, counts)))

    def _load_samples(self, name: str, wished: tuple[str, ...], count: int) -> None:
        from engine.data import class_samples

        try:
            images = {one: class_samples(name, one, self._data_dir, count) for one in wished}
            self._tell(SamplesRead(name, images))
        except LabError as error:
            self._tell(SamplesRead(name, {}, error.message))

    def _fetch(self, name: str) -> None:
        from engine.data import default_data_dir, fetch_dataset
        from engine.data.fetch_pace import Pace

        place = self._data_dir or default_data_dir()
        pace = Pace(lambda news: self._tell(FetchProgress(name, news)))
        problem = ""
        try:
            fetch_dataset(name, place, progress=pace.step)
        except LabError as error:
            problem = error.message
        except OSError as error:
            problem = f"{clean(place)}: {error.strerror or clean(error)}"
        self._fetching.discard(name)
        self._tell(FetchEnded(name, problem))
