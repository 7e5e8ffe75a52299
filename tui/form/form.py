"""The form: the text of every row, what it began as, and the edits that make another form of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.study import TACTICS
from tui.form.presets import preset_texts
from tui.form.settings import CLASSES, DATA_SET, DEVICE, PRESET, SEEDS, Kind, form_settings, setting_of
from tui.form.values import join_values, read_value, split_values, write_value

_POOLING = "model.pooling"
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Form:
    """What a person has typed, right or wrong. Every edit gives a new form.

    Args:
        texts: of every row, by its field. Several values of one setting are a study.
        origin: what the texts were at first.
        like: the run that it began as; None: the defaults.
        left_behind: what was chosen of the data sets that are not the one chosen now.
        before_preset: what the rows had that the preset has filled.
    """

    texts: Texts
    origin: Texts
    like: str | None = None
    left_behind: Texts = field(default_factory=dict)
    before_preset: Texts = field(default_factory=dict)

    @classmethod
    def from_defaults(cls) -> Form:
        """Every setting as the program has it."""
        texts = {row.field: write_value(row, row.default) for row in form_settings()}
        return cls(texts, texts)

    @classmethod
    def like_run(cls, name: str, experiment: Mapping[str, Any], device: str = "auto") -> Form:
        """The settings of a run, its seed and the device it asked for; what it does not say is default."""
        texts = dict(cls.from_defaults().texts)
        for row in form_settings():
            section, _, key = row.field.partition(".")
            values = experiment.get(section)
            if isinstance(values, Mapping) and key in values:
                texts[row.field] = write_value(row, values[key])
        seed = (experiment.get("training") or {}).get("seed")
        texts |= {SEEDS: texts[SEEDS] if seed is None else str(seed), DEVICE: device}
        return cls(texts, texts, like=name)

    def set(self, field: str, text: str) -> Form:
        """With another text. Another data set has the classes that were chosen of it before."""
        if self.texts[field] == text:
            return self
        if field == PRESET:
            return self._begin_with(text)
        texts = {**self.texts, field: text}
        if field != DATA_SET:
            return replace(self, texts=texts)
        left = {**self.left_behind, self.texts[DATA_SET]: self.texts[CLASSES]}
        texts[CLASSES] = left.get(text, "")
        return replace(self, texts=texts, left_behind=left)

    def _begin_with(self, name: str) -> Form:
        """Another preset: what the one before has filled is as it was, unless it was changed since."""
        form, filled = self, preset_texts(self.texts[PRESET])
        for row, text in self.before_preset.items():
            if form.texts[row] == filled[row]:
                form = form.set(row, text)
        texts = preset_texts(name)
        before = {row: form.texts[row] for row in texts}
        for row, text in texts.items():
            form = form.set(row, text)
        return replace(form, texts={**form.texts, PRESET: name}, before_preset=before)

    def reset(self, field: str) -> Form:
        """Back to what it was at first; from there to the program's own default."""
        if self.texts[field] != self.origin[field]:
            return self.set(field, self.origin[field])
        row = setting_of(field)
        return self.set(field, write_value(row, row.default))

    def vary(self, field: str) -> Form:
        """All choices of a setting instead of one; again: one."""
        row = setting_of(field)
        if self.is_varied(field):
            return self.set(field, self.values(field)[0])
        words = ("false", "true") if row.kind is Kind.FLAG else row.choices
        return self.set(field, join_values(words)) if row.can_vary and not row.is_number and words else self

    def three_poolings(self) -> Form:
        """The tactics of pooling as one study; again: the one that it was at first."""
        if tuple(self.values(_POOLING)) != TACTICS:
            return self.set(_POOLING, join_values(TACTICS))
        before = split_values(setting_of(_POOLING), self.origin[_POOLING])
        return self.set(_POOLING, before[0] if len(before) == 1 else "max")

    def values(self, field: str) -> list[str]:
        """The texts of a row's values."""
        return split_values(setting_of(field), self.texts[field])

    def is_varied(self, field: str) -> bool:
        return len(self.values(field)) > 1

    @property
    def changed(self) -> tuple[str, ...]:
        """Rows whose values are not those at first, however they are written."""
        return tuple(row.field for row in form_settings() if self._differs(row.field))

    def _differs(self, field: str) -> bool:
        now, before = self.texts[field], self.origin[field]
        if now == before:
            return False
        row = setting_of(field)
        if row.kind is Kind.LIST:
            return now.split() != before.split()
        return [read_value(row, text) for text in split_values(row, now)] != [
            read_value(row, text) for text in split_values(row, before)
        ]
