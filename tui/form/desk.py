"""What New shows of the form under work: its rows, what is known of data, what would be started. No screen, no file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.format import millions
from engine.machine import gpu_count
from engine.store import Run
from engine.text import clean
from tui.form.check import check
from tui.form.classes import ClassRow, class_rows, ticked_classes, toggled
from tui.form.command import command_of
from tui.form.data_facts import DataFacts
from tui.form.edits import FormEdits
from tui.form.hints import hints
from tui.form.lists import write_device
from tui.form.outlook import Outlook, network_lines
from tui.form.presets import preset_words
from tui.form.rows import Row, about, picker_rows, setting_rows
from tui.form.settings import (
    CLASSES,
    DATA_SET,
    PRESET,
    SEEDS,
    Kind,
    Setting,
    form_settings,
    row_field,
    setting_of,
)
from tui.form.toml import write_toml


def devices_here() -> tuple[str, ...]:
    """The words that `h` and `l` go through: what this machine may have, without asking torch."""
    gpus = gpu_count()
    return ("auto", "cpu", *(f"cuda:{number}" for number in range(gpus)))


class Desk(FormEdits):
    """The form, its data and the runs that there are, in words."""

    def __init__(self, devices: Sequence[str] = ("auto", "cpu")) -> None:
        super().__init__(devices)
        self.fetching: dict[str, str] = {}  # words by data set
        self._runs: Sequence[Run] = ()
        self._outlook = Outlook()

    @property
    def is_looking(self) -> bool:
        """Whether it is not known yet if its images are here."""
        data = self.data
        return self.is_data_set(self.data_set) and (data is None or not (data.is_counted or data.problem))

    def take_facts(self, facts: DataFacts) -> None:
        self.facts[facts.name] = facts
        self.take_runs(self._runs)
        self._read()

    def take_runs(self, runs: Sequence[Run]) -> None:
        """Runs as they are now, newest first."""
        self._runs = runs
        self._outlook = Outlook(runs, self.facts)

    # what is asked of rows

    @property
    def fields(self) -> list[str]:
        """Every row, in order."""
        return [row.field for row in form_settings()]

    def row_of(self, field: str) -> str:
        """The row that a problem stands beside."""
        return row_field(field) or self.fields[0]

    def is_number(self, field: str) -> bool:
        """Whether a digit begins a value of this row."""
        return field in self.fields and (setting_of(field).is_number or field == SEEDS)

    def is_table(self, field: str) -> bool:
        """Whether only TOML can say its value well."""
        return setting_of(field).kind is Kind.TABLE

    def can_vary(self, field: str) -> bool:
        return setting_of(field).can_vary

    def why_not_varied(self, field: str) -> str:
        """What to do instead."""
        if field == SEEDS:
            return "seeds are several already: type 0 1 2 3, or 0-3; l adds one"
        if field == DATA_SET:
            return "a study has one data set: runs whose test sets differ are not compared"
        return f"{setting_of(field).label} does not vary within a study"

    def is_data_set(self, name: str) -> bool:
        """Whether there is a data set of this name."""
        return name in setting_of(DATA_SET).choices

    # what is shown

    def rows(self, width: int, filter_text: str = "") -> list[Row]:
        """The form's rows; with a filter those whose name, label or meaning holds it."""
        words = filter_text.casefold().split()

        def wanted(setting: Setting) -> bool:
            text = f"{setting.field} {setting.label} {setting.description}".casefold()
            return all(word in text for word in words)

        news = self.data_news
        found = setting_rows(
            self.form,
            self.checked,
            self.data,
            width,
            wanted=wanted if words else None,
            data_news=news,
            place=self._place,
        )
        if words and (classes := self.class_rows(filter_text)):
            found += [Row("", "CLASSES", "heading"), *picker_rows(classes, width)]
        return found or [Row("", "no setting, and no class, of this name", "heading")]

    @property
    def _place(self) -> str:
        """What `auto` is on this machine, and how many lanes it has."""
        device, lanes = self._outlook.place(self.checked)
        return write_device(device, lanes)

    def class_rows(self, filter_text: str = "") -> list[ClassRow]:
        """The classes of the data set, those that the filter lets through; none where they are not known."""
        return class_rows(self.data, self.ticked, filter_text) if self.data else []

    def picker(self, width: int, filter_text: str = "") -> list[Row]:
        """The rows of the picker of classes."""
        return picker_rows(self.class_rows(filter_text), width)

    @property
    def ticked(self) -> tuple[str, ...]:
        """The classes that are named; none: all are taken."""
        return ticked_classes(self.data, self.form.texts[CLASSES]) if self.data else ()

    def tick(self, keys: Sequence[str], filter_text: str = "") -> None:
        """Tick these rows; untick them where all of them are."""
        rows = [row for row in self.class_rows(filter_text) if row.key in keys]
        if self.data and rows:
            self.edit(self.form.set(CLASSES, toggled(self.data, self.form.texts[CLASSES], rows)))

    def class_of(self, key: str) -> ClassRow | None:
        """The class that a row of the picker stands for."""
        return next((row for row in self.class_rows() if row.key == key), None)

    @property
    def data_news(self) -> str:
        """What is to be said of the data set: how much is fetched, or that it is not here."""
        if words := self.fetching.get(self.data_set):
            return words
        data = self.data
        if data is None or not data.problem:
            return ""
        return f"! {data.problem.partition(': ')[2]}" if data.can_fetch else f"! {data.problem}"

    def about(self, field: str) -> str:
        """One line on a row; nothing where there is none."""
        if field == DATA_SET and self.data is not None and self.data.can_fetch:
            return f"{self.data_set} is not here: S fetches it first; enter does now, for samples"
        return about(setting_of(field), self.form) if field in self.fields else ""

    def about_class(self, key: str, *, picking: bool) -> str:
        """One line on a row of the picker."""
        row, count = self.class_of(key), len(self.ticked)
        taken = (
            f"{count} ticked" if count else f"none ticked: all {len(self.data.names if self.data else ())} are taken"
        )
        keys = "space ticks, a all shown, enter: done" if picking else "space ticks"
        images = f"; {row.train:,} images to train, {row.test:,} to test" if row and row.train and row.test else ""
        return f"{taken}; {keys}{images}"

    def network(self, width: int, height: int) -> list[str]:
        """The layers as a table of this size; the last that could be."""
        return network_lines(self.architecture, width, height) if self.architecture else []

    def saved(self) -> tuple[str, str]:
        """A name for the file that `--config` reads, and its text."""
        name = "run" if self.checked.kind == "run" else f"study-{self.checked.kind}"
        command = command_of(self.form, self.checked, config="THIS.toml")
        return f"{self.data_set}-{name}.toml", f"# {command}\n\n{write_toml(self.form, several=False)}"

    @property
    def head(self) -> str:
        """`New run, like abf-max s0   ~ 1 changed   21,699 parameters, 1.33 M mul-adds`."""
        kinds = {
            "run": "New run",
            "pooling": "New study of pooling",
            "grid": "New study",
            "seeds": "New study of seeds",
        }
        like = f", like {clean(self.form.like)}" if self.form.like else ""
        parts = [kinds[self.checked.kind] + like]
        if changed := len(self.form.changed):
            parts.append(f"~ {changed} changed")
        if self.architecture is not None:
            adds = millions(self.architecture.multiply_adds)
            parts.append(f"{self.architecture.parameters:,} parameters, {adds} M mul-adds")
        return "   ".join(parts)

    def outlook(self, *, with_basis: bool) -> list[str]:
        """What `S` and `V` would start, and how long it would take."""
        poolings = None if self.checked.kind == "pooling" else check(self.form.three_poolings(), self.data)
        lines = self._outlook.lines(self.checked, poolings)
        basis = self._outlook.basis(self.checked) if self.checked.members and with_basis else ""
        return [*lines, f"Time: {basis}."] if basis else lines

    def notes(self, field: str) -> list[str]:
        """What somebody should know before the start; on a preset, its evidence."""
        _, evidence = preset_words(self.form.texts[PRESET]) if field == PRESET else ("", "")
        return [*([evidence] if evidence else []), *(f"! {hint}" for hint in hints(self.checked, self._runs))]

    def command(self, *, runs: Path | None, data_dir: Path | None) -> str:
        """The `cnnlab` command that does the same."""
        fetch = self.data is not None and self.data.can_fetch
        return command_of(self.form, self.checked, runs=runs, data_dir=data_dir, fetch=fetch)
