"""A form whose data sets are looked into, and fetched, while one edits it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from textual import on

from engine.format import fetching
from tui.data_reader import DataRead, DataReader, FetchEnded, FetchProgress, SamplesRead
from tui.screens.form_screen import FormScreen

if TYPE_CHECKING:
    from tui.widgets.samples import Images

_SAMPLES = 8


class DataScreen(FormScreen):
    """What is known of the data set that is chosen, and pictures of its classes."""

    def __init__(self) -> None:
        super().__init__()
        self._reader: DataReader | None = None
        self._asked = ""
        self.images: Images = {}
        self._images_of: tuple[str, tuple[str, ...]] = ("", ())

    def on_mount(self) -> None:
        super().on_mount()
        self._reader = DataReader(self.lab.data_dir, self.post_message)

    def ask_data(self) -> None:
        """Look into the data set that is chosen now, and at its classes, each once."""
        desk = self.desk
        if self._reader is not None and desk.data_set != self._asked:
            self._asked = desk.data_set
            if desk.data is None and desk.is_data_set(self._asked):
                self._reader.ask(self._asked)
        self._ask_samples()

    def _ask_samples(self) -> None:
        """Of the class under the cursor, else one of each that is chosen."""
        data = self.desk.data
        if data is None or not data.is_here or self._reader is None:
            self.images, self._images_of = {}, ("", ())
            return
        row = self.desk.class_of(self.at) if self.is_on_class else None
        wished = row.members if row else (self.desk.ticked or data.names)
        wanted = (data.name, tuple(wished[:_SAMPLES]))
        if wanted != self._images_of:
            self._images_of = wanted
            self._reader.ask_samples(*wanted, _SAMPLES if len(wanted[1]) == 1 else 2)

    @on(DataRead)
    def take_data(self, message: DataRead) -> None:
        self.desk.take_facts(message.facts)
        self.show_form()

    @on(SamplesRead)
    def take_samples(self, message: SamplesRead) -> None:
        if message.problem:
            self.lab.tell(message.problem, is_error=True)
        if message.data_set == self._images_of[0]:
            self.images = message.images
            self.show_meaning()

    @on(FetchProgress)
    def take_progress(self, message: FetchProgress) -> None:
        self.desk.fetching[message.data_set] = fetching(**asdict(message.news))
        self.show_form()

    @on(FetchEnded)
    def take_fetched(self, message: FetchEnded) -> None:
        self.desk.fetching.pop(message.data_set, None)
        if message.problem:
            self.lab.tell(message.problem, is_error=True)
        elif self._reader is not None:
            self.lab.tell(f"{message.data_set} is here")
            self._reader.ask(message.data_set)
        self.show_form()

    def action_open(self) -> None:
        data = self.desk.data
        if self.at == "dataset.name" and data is not None and data.can_fetch and self._reader is not None:
            if data.name not in self.desk.fetching:
                self.desk.fetching[data.name] = "fetching: connecting"
                self._reader.fetch(data.name)
                self.show_form()
        elif self.at == "dataset.name" and self.desk.is_looking:
            self.lab.tell(f"looking whether {self.desk.data_set} is here …")
        else:
            super().action_open()
