"""Edits of a form and their undoing; read after each, with all that is wrong. No screen, no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.architecture import Architecture
from engine.store import Run
from tui.form.check import Checked, check
from tui.form.data_facts import DataFacts
from tui.form.form import Form
from tui.form.lists import read_device, write_device
from tui.form.settings import DATA_SET, DEVICE, PRESET, SEEDS, setting_of
from tui.form.steps import next_of, stepped
from tui.form.toml import TomlProblem, line_of, read_toml, write_toml

_MOST_UNDO = 200


class FormEdits:
    """The form under work, and what it means.

    Args:
        devices: those that this machine may have, for `h` and `l`.
    """

    def __init__(self, devices: Sequence[str] = ("auto", "cpu")) -> None:
        self.form = Form.from_defaults()
        self.facts: dict[str, DataFacts] = {}
        self.toml_problem = ""  # what of the text that was read last no row can show
        self.checked = Checked()
        self.architecture: Architecture | None = None  # the last that could be
        self._devices = devices
        self._before: list[Form] = []
        self._read()

    @property
    def data_set(self) -> str:
        """The data set that is chosen, or what was typed instead."""
        return self.form.values(DATA_SET)[0]

    @property
    def data(self) -> DataFacts | None:
        """What is known of it; None where nothing is yet."""
        return self.facts.get(self.data_set)

    def begin(self, like: Run | None, texts: Mapping[str, str] | None = None) -> None:
        """Anew: from defaults, or like a run, with these texts typed over. What was there can be brought back."""
        form = Form.from_defaults()
        if like is not None:
            device = str((like.document.get("request") or {}).get("device") or "auto")
            form = Form.like_run(like.name, like.experiment, device)
        for field, text in (texts or {}).items():
            form = form.set(field, text)
        self.edit(form)

    def edit(self, form: Form) -> None:
        """Another form instead of this one."""
        if form != self.form:
            self._before = [*self._before[-_MOST_UNDO:], self.form]
            self.form = form
            self._read()

    def type(self, field: str, text: str) -> None:
        """A text while it is being typed: one edit, however many keys it takes."""
        self.form = self.form.set(field, text)
        self._read()

    def remember(self, form: Form) -> None:
        """What `undo` brings back after a value was typed."""
        if form != self.form:
            self._before = [*self._before[-_MOST_UNDO:], form]

    def toml(self, field: str) -> tuple[str, int]:
        """The form as TOML, and the line of a row."""
        text = write_toml(self.form)
        return text, line_of(text, "training.seed" if field == SEEDS else field)

    def take_toml(self, text: str) -> list[str]:
        """The form that a text makes, where it is TOML; what is wrong with it, with its lines."""
        read = read_toml(text, self.form)
        problems = [str(problem) for problem in read.problems]
        self.toml_problem = problems[0] if problems else ""
        if read.form is not None:
            self.form = read.form
            self._read()
            lines = ((line_of(text, problem.field), problem) for problem in self.checked.problems)
            problems += [
                str(TomlProblem(line, str(problem))) for line, problem in sorted(lines, key=lambda one: one[0])
            ]
        return problems

    def undo(self) -> bool:
        """The form before the last edit; False where there is none."""
        if not self._before:
            return False
        self.form = self._before.pop()
        self._read()
        return True

    def step(self, field: str, by: int) -> None:
        """The next choice, or the next sensible number."""
        text = self.form.texts[field]
        if field == DEVICE:
            device, lanes = read_device(text) if not self.checked.problems_of(DEVICE) else ("auto", None)
            self.edit(self.form.set(field, write_device(next_of(self._devices, device, by), lanes)))
        elif field == SEEDS:
            seeds = self.checked.seeds
            more = (*seeds, max(seeds) + 1) if by > 0 else seeds[: max(1, len(seeds) - 1)]
            self.edit(self.form.set(field, " ".join(map(str, more))))
        elif field == PRESET:
            self.edit(self.form.set(field, next_of(setting_of(field).choices, text, by)))
        elif not self.form.is_varied(field):
            self.edit(self.form.set(field, stepped(setting_of(field), text, by)))

    def vary(self, field: str) -> bool:
        """All choices of a setting instead of one, or one instead of several; False where there are no choices."""
        form = self.form.vary(field)
        is_other = form != self.form
        self.edit(form)
        return is_other

    def reset(self, field: str) -> None:
        """Back to what it was at first; again: to the program's default."""
        self.edit(self.form.reset(field))

    def three_poolings(self) -> None:
        """One study of the three tactics; again: one tactic."""
        self.edit(self.form.three_poolings())

    def tidy(self, field: str) -> None:
        """A text that was typed, without the comma that a list still had at its end."""
        self.form = self.form.set(field, self.form.texts[field].strip().rstrip(",").rstrip())
        self._read()

    def form_was(self, form: Form) -> None:
        """Back to a form, as if nothing had been typed since."""
        self.form = form
        self._read()

    def _read(self) -> None:
        self.checked = check(self.form, self.data)
        self.architecture = self.checked.architecture or self.architecture
