"""The form as TOML, and back: what `--config` reads, with several values of a setting as a list."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Problem, SettingsError
from engine.experiment import SECTIONS, Experiment
from tui.form.check import settings_of
from tui.form.form import Form
from tui.form.lists import read_seeds, write_seeds
from tui.form.settings import DATA_SET, DEVICE, PRESET, SEEDS, Kind, form_settings, row_field
from tui.form.values import inline_toml, join_values, write_value

_WIDE = 60  # a longer list has a line for each item


@dataclass(frozen=True)
class TomlProblem:
    """What is wrong, and in which line; 0 where no line is to blame."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


@dataclass(frozen=True)
class TomlRead:
    """A text, read: the form it makes (None where it is no TOML), and what no row of the form can show."""

    form: Form | None
    problems: tuple[TomlProblem, ...] = ()


def write_toml(form: Form, *, several: bool = True) -> str:
    """Every setting by section, right or wrong; seeds that cannot be read are written as text.

    Args:
        several: those with several values too, as lists; without them it is what `--config` reads.
    """
    single, varied = settings_of(form)
    try:
        seeds = read_seeds(form.texts[SEEDS])
        seed: Any = seeds[0] if len(seeds) == 1 else list(seeds)
    except SettingsError:
        seed = form.texts[SEEDS]
    lines: list[str] = []
    for section in SECTIONS:
        lines += [f"[{section}]"]
        for row in form_settings():
            found, _, key = row.field.partition(".")
            is_left_out = row.field in varied and not several
            if found == section and row.kind is not Kind.LIST and not is_left_out:
                lines.append(_assignment(key, varied.get(row.field, single.get(section, {}).get(key))))
        if section == "training" and (several or not isinstance(seed, list)):
            lines.append(_assignment("seed", seed))
        lines.append("")
    return "\n".join(lines)


def read_toml(text: str, form: Form) -> TomlRead:
    """The form that a text makes: settings that it does not name are default, the rest stays as in `form`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at (?:line (\d+), column \d+|end of document)\)", str(error))
        line = int(found[1]) if found and found[1] else len(text.splitlines()) or 1
        message = re.sub(r" \(at [^)]*\)$", "", str(error))
        return TomlRead(None, (TomlProblem(line, message),))
    texts = dict(Form.from_defaults().texts)
    for row in form_settings():
        section, _, key = row.field.partition(".")
        values = document.get(section)
        if isinstance(values, Mapping) and key in values and row.kind is not Kind.LIST:
            value = values[key]
            is_several = row.can_vary and isinstance(value, list) and value
            texts[row.field] = (
                join_values([write_value(row, v) for v in value]) if is_several else write_value(row, value)
            )
    training = document.get("training")
    if isinstance(training, Mapping) and "seed" in training:
        seed = training["seed"]
        texts[SEEDS] = _seeds_text(seed if isinstance(seed, list) else [seed])
    texts |= {DEVICE: form.texts[DEVICE], PRESET: form.texts[PRESET]}
    made = form.set(DATA_SET, texts[DATA_SET])
    for field, value in texts.items():
        made = made.set(field, value)
    foreign = (problem for problem in _problems(document) if row_field(problem.field) is None)
    return TomlRead(made, tuple(TomlProblem(line_of(text, problem.field), str(problem)) for problem in foreign))


def line_of(text: str, field: str) -> int:
    """The line, from 1, where a setting is given; its section's where it has none; 0 where neither is there."""
    wanted, _, key = field.partition(".")
    key = key.partition(".")[0].partition("[")[0]
    section, place = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if heading := re.match(r"\s*\[+\s*([^\]\s.]+)", line):
            section = heading[1].strip("\"'")
            place = place or (number if section == wanted else 0)
        elif found := re.match(r"\s*([A-Za-z0-9_\"'-]+)\s*[=.]", line):
            name = found[1].strip("\"'")
            if (section == wanted and name == key) or (not section and name == wanted):
                return number
    return place


def _problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    single = {section: _first_values(section, values) for section, values in document.items()}
    try:
        Experiment.build(single)
    except SettingsError as error:
        yield from error.problems


def _first_values(section: str, values: Any) -> Any:
    """A table with the first of several values of each setting that may have several."""
    if not isinstance(values, Mapping):
        return values
    several = {row.field for row in form_settings() if row.can_vary} | {"training.seed"}
    return {
        key: value[0] if isinstance(value, list) and value and f"{section}.{key}" in several else value
        for key, value in values.items()
    }


def _seeds_text(seeds: list[Any]) -> str:
    if all(isinstance(seed, int) and not isinstance(seed, bool) for seed in seeds):
        return write_seeds(tuple(seeds))
    return ", ".join(inline_toml(seed) for seed in seeds)


def _assignment(key: str, value: Any) -> str:
    written = inline_toml(value)
    if isinstance(value, list) and len(written) > _WIDE:
        written = "[\n" + "".join(f"    {inline_toml(item)},\n" for item in value) + "]"
    return f"{key} = {written}"
