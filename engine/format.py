"""Numbers as people read them. Unknown is `-`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.text import clean


def counted(number: object, noun: str, nouns: str = "") -> str:
    """`1 epoch`, `1,350 images`, `2 classes`."""
    shown = f"{number:,}" if isinstance(number, int) else str(number)
    return f"{shown} {noun if number == 1 else nouns or noun + 's'}"


def percent(fraction: float | None, digits: int = 1) -> str:
    """`0.8433` as `84.3`."""
    return "-" if fraction is None else f"{100 * fraction:z.{digits}f}"


def points(fraction: float | None) -> str:
    """A difference of fractions in percentage points, with its sign: `+3.2`."""
    return "-" if fraction is None else f"{100 * fraction:+z.1f}"


def interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """`[79.7 88.0]`, or `[+0.2, +6.2]` for a difference."""
    if low is None or high is None:
        return "-"
    return f"[{points(low)}, {points(high)}]" if signed else f"[{percent(low)} {percent(high)}]"


def p_value(p: float | None) -> str:
    """`.09`, `.003`, `< .001`."""
    if p is None:
        return "-"
    if p < 0.001:
        return "< .001"
    text = f"{p:.2f}" if p >= 0.0995 or round(p, 3) == round(p, 2) else f"{p:.3f}"
    return text.lstrip("0") if p < 1 else text


def duration(seconds: float | None) -> str:
    """`0:44`, `1:02:03`; below ten seconds `3.2 s`."""
    if seconds is None:
        return "-"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def about_time(seconds: float) -> str:
    """`20 s`, `3 min`, `1.5 h`, `2 d`: no more digits than an estimate has."""
    if seconds < 90:
        return f"{max(1, round(seconds)) if seconds < 10 else 5 * round(seconds / 5)} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{round(seconds / 86400)} d"


def speed(images_per_second: float | None) -> str:
    """`9.5k img/s`."""
    if images_per_second is None:
        return "-"
    return f"{images_per_second / 1000:.1f}k img/s" if images_per_second >= 1000 else f"{images_per_second:.0f} img/s"


def fetching(done_bytes: int, total_bytes: int, bytes_per_second: float | None, trouble: str = "") -> str:
    """`fetching 43 of 161 MiB, 5.2 MB/s`; of what is smaller, KiB. In trouble what that is, and what is here."""
    unit, power = ("MiB", 20) if total_bytes >= 1 << 20 else ("KiB", 10)
    if trouble:
        here = f"; {done_bytes >> power:,} of {total_bytes >> power:,} {unit} are here" if done_bytes else ""
        return clean(trouble) + here
    rate = f", {bytes_per_second / 1e6:.1f} MB/s" if bytes_per_second is not None else ""
    return f"fetching {done_bytes >> power:,} of {total_bytes >> power:,} {unit}{rate}"


def millions(count: float | None) -> str:
    """Multiply-adds: `1.33`."""
    return "-" if count is None else f"{count / 1e6:.2f}"


def short_classes(classes: list[str], most: int = 3) -> str:
    """`apple, aquarium_fish+1`."""
    shown = [clean(name) for name in classes[:most]]
    return ", ".join(shown) + (f"+{len(classes) - most}" if len(classes) > most else "")


def short_seeds(seeds: Sequence[int]) -> str:
    """`0-3`; such as do not follow one another `0 2 5`, the first six of them."""
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]}-{seeds[-1]}"
    return " ".join(map(str, seeds[:6])) + (" ..." if len(seeds) > 6 else "")


def setting(value: Any) -> str:
    """A setting's value as one types it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return short_classes([str(item.get("type", item) if isinstance(item, dict) else item) for item in value])
    return f"{value:g}" if isinstance(value, float) else clean(value)


def brief(seconds: float | None) -> str:
    """A duration in at most five cells: `0:44`, `12:05`, `1h02`, `27h`, `4d03`."""
    if seconds is None:
        return "-"
    whole = max(0, round(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86_400
    if hours < 1:
        return f"{minutes}:{whole % 60:02}"
    if hours < 10:
        return f"{hours}h{minutes % 60:02}"
    if days < 2:
        return f"{hours}h"
    return f"{days}d{hours % 24:02}" if days < 100 else f"{days}d"


def age(seconds: float | None) -> str:
    """How long ago, in at most three cells: `0m`, `59m`, `23h`, `99d`, `3y`."""
    if seconds is None:
        return "-"
    whole = max(0, int(seconds))
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86_400:
        return f"{whole // 3600}h"
    return f"{whole // 86_400}d" if whole < 100 * 86_400 else f"{max(1, whole // 31_557_600)}y"
