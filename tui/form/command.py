"""The `cnnlab` command that does what the form does, as a shell takes it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.configuration import parse_value
from engine.presets import preset
from tui.form.check import Checked, settings_of
from tui.form.form import Form
from tui.form.settings import CLASSES, NO_PRESET, PRESET, Kind, form_settings
from tui.form.values import inline_toml

_COMMANDS = {"run": ("train",), "pooling": ("study", "pooling"), "grid": ("study", "grid"), "seeds": ("study", "seeds")}


def command_of(
    form: Form,
    checked: Checked,
    *,
    config: str | None = None,
    runs: Path | None = None,
    data_dir: Path | None = None,
    fetch: bool = False,
) -> str:
    """Of a form without problems: the preset, what differs from it, or is not default, and the seeds.

    Args:
        config: a file that says the settings with one value instead.
        runs, data_dir: where they are not in their usual places.
        fetch: its data are to be fetched.
    """
    words = ["cnnlab", *_COMMANDS[checked.kind]]
    words += ["--config", config] if config else _settings(form, checked.kind)
    words += [*_several(checked), *_seeds(checked)]
    for option, value in (("--device", checked.device), ("--data-dir", data_dir), ("--runs", runs)):
        words += [option, str(value)] if value not in (None, "auto") else []
    return shlex.join([*words, *(["--fetch"] if fetch else []), "--detach"])


def _several(checked: Checked) -> Iterator[str]:
    for field, values in checked.varied.items() if checked.kind == "grid" else ():
        yield from ("--set", f"{field}={inline_toml(values)}")


def _seeds(checked: Checked) -> Iterator[str]:
    """From the first one on, or one by one."""
    seeds = checked.seeds
    follow = seeds == tuple(range(seeds[0], seeds[0] + len(seeds)))
    if seeds[0] and follow:
        yield from ("--seed", str(seeds[0]))
    if checked.kind != "run":
        yield from ("--seeds", str(len(seeds)) if follow else ",".join(map(str, seeds)))
        if checked.lanes is not None:
            yield from ("--lanes", str(checked.lanes))


def _settings(form: Form, kind: str) -> Iterator[str]:
    from engine.cli.options import SETTINGS

    name, options = form.texts[PRESET], {field: f"--{name}" for name, (field, _, _) in SETTINGS.items()}
    begun = preset(name) if name != NO_PRESET else {}
    if begun:
        yield from ("--preset", name)
    single, _ = settings_of(form)
    for row in form_settings():
        section, _, key = row.field.partition(".")
        if row.kind is Kind.LIST or key not in single.get(section, {}):
            continue
        value = single[section][key]
        usual = begun.get(section, {}).get(key, row.default)
        if value == (list(usual) if isinstance(usual, tuple) else usual):
            continue
        text = _option_text(row.field, value)
        if row.field in options and text is not None:
            yield from (options[row.field], text)
        else:  # in a grid a list means alternatives, so that one list is the only one of them
            is_list = kind == "grid" and isinstance(value, list)
            yield from ("--set", f"{row.field}={inline_toml([value] if is_list else value)}")


def _option_text(field: str, value: Any) -> str | None:
    """As its own option takes it; None where only TOML can say it."""
    if field == CLASSES:
        is_plain = all(name and name == name.strip() and "," not in name for name in value)
        return ",".join(value) if value and is_plain else None
    if isinstance(value, str):
        return value if parse_value(value) == value else None
    return None if isinstance(value, list | dict) else inline_toml(value)
