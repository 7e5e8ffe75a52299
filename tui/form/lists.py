"""The rows that are no settings of an experiment: seeds, and the device with its lanes."""

from __future__ import annotations

import re

from engine.errors import Problem, SettingsError

MOST_SEEDS = 100
_MOST_LANES = 256
_RANGE = re.compile(r"(\d+)\s*(?:-|\.\.|…)\s*(\d+)")
_DEVICE = re.compile(r"auto|cpu|cuda|cuda:\d+")
_LANES = re.compile(r"(\d+)(?:\s*lanes?)?")


def read_seeds(text: str) -> tuple[int, ...]:
    """`0 1 2 3`, `0, 1, 2, 3` and `0-3` are the same four; each once.

    Raises:
        SettingsError: for what is no such list, or too long.
    """
    if found := _RANGE.fullmatch(text.strip()):
        first, last = int(found[1]), int(found[2])
        _check(1 <= last - first + 1 <= MOST_SEEDS, text)
        return tuple(range(first, last + 1))
    parts = text.replace("[", " ").replace("]", " ").replace(",", " ").split()
    _check(bool(parts) and all(part.isdecimal() for part in parts), text)
    seeds = tuple(dict.fromkeys(map(int, parts)))
    _check(len(seeds) <= MOST_SEEDS, text)
    return seeds


def write_seeds(seeds: tuple[int, ...]) -> str:
    """As one types them."""
    return " ".join(map(str, seeds))


def read_device(text: str) -> tuple[str, int | None]:
    """The device, and how many runs at once; None: as many as suit the device.

    Raises:
        SettingsError: for a word that no device has, or lanes that cannot be.
    """
    name, comma, rest = text.partition(",")
    name = name.strip()
    if not _DEVICE.fullmatch(name):
        raise SettingsError([Problem("device", f"{name!r} is not one of auto, cpu, cuda, cuda:0, cuda:1, …")])
    if not comma or not rest.strip():
        return name, None
    found = _LANES.fullmatch(rest.strip())
    if not found or not 1 <= int(found[1]) <= _MOST_LANES:
        raise SettingsError([Problem("device", f"{rest.strip()!r} is not a number of lanes in 1 … {_MOST_LANES}")])
    return name, int(found[1])


def write_device(device: str, lanes: int | None) -> str:
    """As one types it: `cpu, 2 lanes`."""
    return device if lanes is None else f"{device}, {lanes} lane{'s' if lanes != 1 else ''}"


def _check(is_right: bool, text: str) -> None:
    if not is_right:
        message = f"{text.strip()!r} is not a list of up to {MOST_SEEDS} whole numbers, as 0 1 2 3 or 0-3"
        raise SettingsError([Problem("training.seed", message)])
