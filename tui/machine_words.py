"""What Curves says of the machine: what the device does, whose memory it is, what trains next."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from engine.forecast import SpeedBook
from engine.layout import fit
from engine.store import Run
from engine.text import clean
from tui.chart.views import clock

_GIB, _MIB = 1 << 30, 1 << 20
_ESTIMATED = 3  # of the queue
_AMONG = 500  # newest runs: older ones were measured on another day
_BOOK_SECONDS = 5.0  # what was measured is read again after so long


Waiting = Sequence[tuple[Run, float | None]]


class Queue:
    """The runs that wait, in the order in which they will start, with how long the first will take.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._made = -math.inf
        self._book = SpeedBook()

    def next(self, runs: Sequence[Run], beside: Run | None = None) -> Waiting:
        """Waiting runs, oldest wish first; seconds are estimated for the first few.

        Args:
            beside: the run that is looked at is not its own successor.
        """
        waiting = [run for run in in_order(runs) if beside is None or run.id != beside.id]
        if waiting and self._clock() - self._made > _BOOK_SECONDS:
            self._made, self._book = self._clock(), SpeedBook(runs[:_AMONG])
        return [(run, self._book.seconds(run) if n < _ESTIMATED else None) for n, run in enumerate(waiting)]


def in_order(runs: Sequence[Run]) -> list[Run]:
    """The runs that wait, oldest wish first."""
    waiting = [run for run in runs if run.state == "queued"]
    waiting.sort(key=lambda run: (str((run.document.get("request") or {}).get("queued_at") or ""), run.id))
    return waiting


def place_words(run: Run, runs: Sequence[Run]) -> str:
    """`queued, 2 of 3; 2 train now, the first is done in 0:27`."""
    order = [one.id for one in in_order(runs)]
    place = f", {order.index(run.id) + 1} of {len(order)}" if run.id in order else ""
    alive = [one for one in runs if one.is_alive]
    left = [seconds for one in alive if (seconds := (one.progress() or {}).get("eta_seconds")) is not None]
    words = f"{len(alive)} train{'s' if len(alive) == 1 else ''} now" if alive else "nothing trains"
    return f"queued{place}; {words}" + (f", the next is done in {_about(min(left))}" if left else "")


def next_words(waiting: Waiting) -> str:
    """`next: abf-avg s1 (~1:19), abf-stride s2 (~0:23)`."""
    if not waiting:
        return "next: nothing waits"
    shown = [f"{clean(run.name)} ({_about(seconds)})" if seconds else clean(run.name) for run, seconds in waiting[:3]]
    more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
    return f"next: {', '.join(shown)}{more}"


def device_of(run: Run | None, runs: Sequence[Run]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Telemetry and environment: of the run that is looked at, else of another that trains; empty where none does."""
    alive = [run] if run is not None and run.is_alive else []
    for one in (*alive, *(one for one in runs if one.is_alive)):
        telemetry = (one.progress() or {}).get("telemetry")
        if telemetry:
            return telemetry, one.environment
    return {}, run.environment if run is not None else {}


def device_words(telemetry: dict[str, Any], environment: dict[str, Any]) -> str:
    """`cpu 98 %, 412 MiB   gpu 61 %, 2.1 of 140 GiB, 310 W, 54 C` in one line."""
    facts = _device_facts(telemetry, environment)
    holders = _holders(telemetry)
    words = "   ".join(f"{label} {value}" for label, value in facts)
    return words + (f"   memory: {', '.join(holders[:3])}" if holders else "")


def device_pane(
    telemetry: dict[str, Any], environment: dict[str, Any], waiting: Waiting, width: int
) -> list[tuple[str, str]]:
    """The same as a column: lines and the letter of their look."""
    lines = [("DEVICE", "h")]
    name = environment.get("device_name")
    if name:
        lines.append((clean(f"{environment.get('device')}: {name}"), " "))
    lines += [(f"{label:<8} {value}", " ") for label, value in _device_facts(telemetry, environment)]
    holders = _holders(telemetry)
    if holders:
        lines += [("", " "), ("HOLDING ITS MEMORY", "h"), *((line, " ") for line in holders)]
    lines += [("", " "), ("NEXT", "h")]
    for run, seconds in waiting[:8]:
        time_left = _about(seconds) if seconds else "-"
        lines.append((fit(clean(run.name), max(1, width - len(time_left) - 1)) + " " + time_left, " "))
    if len(waiting) > 8:
        lines.append((f"and {len(waiting) - 8} more", "a"))
    if not waiting:
        lines.append(("nothing waits", "a"))
    return lines


def _about(seconds: float) -> str:
    return f"~{clock(seconds)}"


def _device_facts(telemetry: dict[str, Any], environment: dict[str, Any]) -> list[tuple[str, str]]:
    gpu = telemetry.get("gpu")
    gpu = gpu if isinstance(gpu, dict) else {}
    cpu = _joined(_number(telemetry, "cpu_percent", "{:.0f} %"), _number(telemetry, "rss_bytes", "{:,.0f} MiB", _MIB))
    facts = [("cpu", cpu)] if cpu else []
    if environment.get("lanes") or environment.get("threads"):
        threads, lanes = environment.get("threads"), environment.get("lanes")
        words = _joined(_count(threads, "thread"), _count(lanes, "lane"))
        facts.append(("in" if telemetry else "trained", clean(words)))
    total = _number(gpu, "memory_total_bytes", "{:.0f} GiB", _GIB)
    used = _number(gpu, "memory_used_bytes", "{:.1f}", _GIB)
    words = _joined(
        _number(gpu, "utilisation_percent", "{:.0f} %"),
        f"{used} of {total}" if used and total else "",
        _number(gpu, "power_watts", "{:.0f} W"),
        _number(gpu, "temperature_celsius", "{:.0f} °C"),
    )
    facts.append(("gpu", words or "none"))
    return facts


def _holders(telemetry: dict[str, Any]) -> list[str]:
    """Whose processes hold the GPU's memory: `30.2 GiB alice python 4242`."""
    gpu = telemetry.get("gpu")
    rows = gpu.get("holders") if isinstance(gpu, dict) else None
    lines = []
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            held = _number(row, "memory_bytes", "{:.1f} GiB", _GIB) or "? GiB"
            who = " ".join(clean(row[key]) for key in ("user", "name") if row.get(key))
            lines.append(f"{held} {who or 'pid'} {clean(row.get('pid'))}")
    return lines


def _number(table: dict[str, Any], key: str, form: str, unit: int = 1) -> str:
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return ""
    return form.format(value / unit)


def _count(number: Any, what: str) -> str:
    return "" if type(number) is not int else f"{number} {what}{'' if number == 1 else 's'}"


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
