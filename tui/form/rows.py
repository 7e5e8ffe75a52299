"""The rows of the form as text: what a setting is, beside it what follows from it, below it what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.format import short_classes
from engine.layout import fit, text_width, wrapped
from engine.text import clean
from tui.form.check import Checked
from tui.form.classes import ClassRow
from tui.form.data_facts import DataFacts
from tui.form.form import Form
from tui.form.presets import preset_words
from tui.form.settings import CLASSES, DATA_SET, DEVICE, PRESET, Kind, Setting, form_settings
from tui.form.values import read_value

LABEL = 15  # cells of a label
_VALUE = LABEL + 2  # where a value begins: a label, then `~` or `!`


@dataclass(frozen=True)
class Row:
    """One line that can be chosen, or a heading.

    Args:
        key: what it stands for; empty for a heading.
        text: of the line.
        role: `heading`, `setting`, `changed`, `wrong`, or of a class `ticked`, `class`.
        below: lines under it that belong to it.
    """

    key: str
    text: str
    role: str = "setting"
    below: tuple[str, ...] = field(default=())


def setting_rows(
    form: Form,
    checked: Checked,
    facts: DataFacts | None,
    width: int,
    *,
    wanted: Callable[[Setting], bool] | None = None,
    data_news: str = "",
    place: str = "",
) -> list[Row]:
    """Every row under the heading of its section; with `wanted`, those that it wants.

    Args:
        width: cells of a line.
        data_news: of the data set that is chosen: that it is not here, how much of it is.
        place: the device and its lanes, as the machine decides.
    """
    rows: list[Row] = []
    section = ""
    changed = set(form.changed)
    for setting in form_settings():
        if wanted is not None and not wanted(setting):
            continue
        if setting.section != section:
            section = setting.section
            rows.append(Row("", section, "heading"))
        problems = checked.problems_of(setting.field)
        is_changed = setting.field in changed
        sign = "!" if problems else "~" if is_changed else " "
        value = _value(setting, form, width - _VALUE)
        notes = [] if problems else [note for note in _notes(setting, form, checked, facts, place) if note]
        text = f"{fit(setting.label, LABEL)}{sign} {value}"
        for note in notes:
            if text_width(text) + 1 + text_width(note) <= width:
                text += f" {note}"
        below = [line for problem in problems for line in _under(f"! {problem}", width)]
        if setting.field == DATA_SET and data_news:
            below += _under(data_news, width)
        rows.append(
            Row(setting.field, text, "wrong" if problems else "changed" if is_changed else "setting", tuple(below))
        )
    return rows


def picker_rows(rows: Sequence[ClassRow], width: int) -> list[Row]:
    """Classes with their ticks and images; superclasses with how many of their members are ticked."""
    name_width = max(10, width - 4 - 12)
    found = []
    for row in rows:
        if row.is_group:
            text = f"[{row.sign}] {fit(clean(row.name), name_width)} {f'{row.ticked} of {len(row.members)}':>11}"
            found.append(Row(row.key, text, "group"))
            continue
        counts = f"{row.train:>6,} {row.test:>4,}" if row.train is not None and row.test is not None else ""
        indent = "  " if width >= 44 else ""
        text = f"{indent}[{row.sign}] {fit(clean(row.name), name_width - len(indent))} {counts:>11}".rstrip()
        found.append(Row(row.key, text, "ticked" if row.ticked else "class"))
    return found


def value_column() -> int:
    """Where the value of a row begins."""
    return _VALUE


def _value(setting: Setting, form: Form, room: int) -> str:
    """The value as text, or the choices with the one that is taken in brackets where they fit."""
    text = form.texts[setting.field]
    if setting.field == CLASSES:
        return _classes(setting, text, room)
    if setting.kind is Kind.TABLE and isinstance(found := read_value(setting, text), list):
        return f"{len(found)} of your own, v: TOML" if found else "none"
    words = ("false", "true") if setting.kind is Kind.FLAG else setting.choices
    if setting.is_number or not words:
        return clean(text)
    taken = form.values(setting.field)
    shown = " ".join(f"[{word}]" if word in taken else word for word in words)
    if all(word in words for word in taken) and len(shown) + 4 <= room and len(words) > 1:
        return f"< {shown} >"
    return f"< {clean(text)} >"


def _classes(setting: Setting, text: str, room: int) -> str:
    names = read_value(setting, text)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return clean(text)
    if not names:
        return "all"
    for most in range(len(names), 0, -1):
        if text_width(short_classes(names, most)) <= room:
            return short_classes(names, most)
    return short_classes(names, 1)


def _notes(setting: Setting, form: Form, checked: Checked, facts: DataFacts | None, place: str) -> list[str]:
    """What follows from a value, the most important first."""
    field, sizes = setting.field, checked.sizes
    notes = []
    if form.is_varied(field):
        notes.append(f"x {len(form.values(field))}")
    elif field == "dataset.validation" and sizes:
        notes.append(f"= {sizes.validation:,} images")
    elif field == "training.batch_size" and sizes and checked.experiment:
        notes.append(f"({-(-sizes.train // checked.experiment.training.batch_size):,} steps)")
    elif field == CLASSES and facts and facts.classes and not form.texts[field]:
        notes.append(f"{len(facts.classes)}")
    elif field == DEVICE and place and place != form.texts[field]:
        notes.append(f"= {place}")
    if field != CLASSES and field in form.changed and form.origin[field]:
        notes.append(f"(was {clean(form.origin[field])})")
    return notes


def _under(words: str, width: int) -> list[str]:
    return [f"  {line}" for line in wrapped(clean(words), max(20, width - 2))]


def about(setting: Setting, form: Form) -> str:
    """One line on a setting: what it is, what it may be, what it was; of a preset, what it is for."""
    if setting.field == PRESET and (purpose := preset_words(form.texts[PRESET])[0]):
        return purpose
    parts = [setting.field if setting.description == setting.label else setting.description]
    if setting.range:
        parts.append(setting.range)
    elif setting.choices and not setting.is_number:
        parts.append(", ".join(setting.choices))
    if setting.field not in (CLASSES, DEVICE) and form.origin[setting.field] != form.texts[setting.field]:
        parts.append(f"was {clean(form.origin[setting.field])}")
    return ";  ".join(part for part in parts if part)
