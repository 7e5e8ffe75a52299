"""Presets in the form: what one of them types into the rows, what it is for, and what is wrong with its name."""

from __future__ import annotations

from functools import cache

from engine.errors import Problem, suggestion
from engine.presets import PRESETS, describe_preset, preset
from tui.form.settings import NO_PRESET, PRESET, setting_of
from tui.form.values import write_value


@cache
def preset_texts(name: str) -> dict[str, str]:
    """The rows that a preset fills, and with what; none where there is no such preset."""
    if name not in PRESETS:
        return {}
    fields = ((f"{section}.{key}", value) for section, values in preset(name).items() for key, value in values.items())
    return {field: write_value(setting_of(field), value) for field, value in fields}


def preset_problem(name: str) -> Problem | None:
    """What is wrong with the name; None where nothing is."""
    if name == NO_PRESET or name in PRESETS:
        return None
    near = suggestion(name, PRESETS) or f"; allowed are {', '.join((NO_PRESET, *PRESETS))}"
    return Problem(PRESET, f"there is no preset {name!r}{near}")


def preset_words(name: str) -> tuple[str, str]:
    """What a preset is for, and its evidence; empty where there is no such preset."""
    if name not in PRESETS:
        return "", ""
    purpose, _, evidence = describe_preset(name).partition("\n\n")
    return " ".join(purpose.split()), " ".join(evidence.split())
