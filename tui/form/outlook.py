"""What a start would cost: how many runs, how long, on what, and what waits before them; and the network in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.architecture import Architecture, build_architecture
from engine.errors import LabError
from engine.experiment import Experiment
from engine.forecast import Estimate, SpeedBook, Work, estimate, makespan, work_of
from engine.format import about_time, short_seeds
from engine.layout import fit
from engine.machine import default_lanes, resolve_device
from engine.store import Run, layout
from engine.text import clean
from tui.form.check import Checked
from tui.form.data_facts import DataFacts

_MANY = 10**6
_CHANNELS = 3


class Outlook:
    """Times from past runs; made anew when the runs have changed."""

    def __init__(self, runs: Sequence[Run] = (), facts: Mapping[str, DataFacts] | None = None) -> None:
        self._facts = facts or {}
        self._book = SpeedBook(runs)
        self._auto = resolve_device("auto")
        self._unfinished = [run for run in runs if run.is_alive or run.state == layout.QUEUED]

    def lines(self, checked: Checked, poolings: Checked | None) -> list[str]:
        """What `S` and `V` would start.

        Args:
            poolings: the same form as a study of the three tactics; None where it is one already.
        """
        device, lanes = self.place(checked)
        where = f"on {device}, {lanes} lane{'s' if lanes != 1 else ''}"
        if not checked.members:
            more = f" (and {len(checked.problems) - 1} more)" if len(checked.problems) > 1 else ""
            return [f"S starts nothing yet{more}: {clean(checked.problems[0])}"]
        waits = self._waiting(device, lanes)
        begins = f"S {self._fetch(checked)}starts {_runs_words(checked)} {where}"
        first = f"{begins}: {self._words(checked, device, lanes)}; {waits}."
        if poolings is None or not poolings.members:
            return [first]
        count = len(checked.seeds)
        over = f"the three poolings x {count} seed{'s' if count != 1 else ''}"
        return [
            first,
            f"V first: {over} = {len(poolings.members) * count} runs, {self._words(poolings, device, lanes)}.",
        ]

    def _fetch(self, checked: Checked) -> str:
        """What comes before the first run, where its data are not here."""
        facts = self._facts.get(checked.experiment.dataset.name) if checked.experiment else None
        if facts is None or not facts.can_fetch or facts.fetch_bytes is None:
            return ""
        return f"fetches {facts.fetch_bytes >> 20:,} MiB, then "

    def basis(self, checked: Checked) -> str:
        """From what the time is known."""
        device, lanes = self.place(checked)
        found = self._estimate(checked, device, lanes)
        return found.basis if found else "the images are not counted yet"

    def place(self, checked: Checked) -> tuple[str, int]:
        """The device, and how many runs it trains at once: those of a worker that is there, else as was wished."""
        device = self._resolved(checked.device)
        working = next((run for run in self._unfinished if run.is_alive and self._device(run) == device), None)
        if working is not None and isinstance(working.environment.get("lanes"), int):
            return device, working.environment["lanes"]
        return device, checked.lanes or default_lanes(device, _MANY)

    def _words(self, checked: Checked, device: str, lanes: int) -> str:
        found = self._estimate(checked, device, lanes)
        if found is None or found.seconds is None:
            return "time unknown"
        return f"about {about_time(found.seconds)}"

    def _estimate(self, checked: Checked, device: str, lanes: int) -> Estimate | None:
        works = []
        for member in checked.members:
            work = self._work(member.experiment)
            if work is None:
                return None
            works.append(work)
        works *= len(checked.seeds)
        return estimate(works, self._book, device, lanes)

    def _work(self, experiment: Experiment) -> Work | None:
        """None where the images are not counted."""
        facts = self._facts.get(experiment.dataset.name)
        try:
            sizes = facts.sizes(experiment.dataset) if facts and facts.classes else None
            if sizes is None or facts is None:
                return None
            side, classes = experiment.dataset.image_size, len(facts.chosen(experiment.dataset.classes))
            architecture = build_architecture(experiment.model, (side, side, _CHANNELS), classes)
        except LabError:
            return None
        return work_of(experiment.to_dict(), architecture.multiply_adds, sizes.train)

    def _waiting(self, device: str, lanes: int) -> str:
        """What has to end before the first of ours begins, in words."""
        before = [run for run in self._unfinished if self._device(run) == device]
        queued = [run for run in before if not run.is_alive]
        if not before:
            return "0 waiting before you"
        words = f"{len(queued)} waiting before you" if queued else "0 waiting before you"
        left = [self._left(run) for run in reversed(before)]
        known = [seconds for seconds in left if seconds is not None]
        if len(known) < len(left) or not (queued or len(before) >= lanes):
            return f"{words}, {len(before) - len(queued)} in training"
        return f"{words}, free in {about_time(makespan(known, lanes))}"

    def _device(self, run: Run) -> str:
        if run.is_alive and isinstance(run.environment.get("device"), str):
            return str(run.environment["device"])
        return self._resolved(str((run.document.get("request") or {}).get("device") or "auto"))

    def _resolved(self, wish: str) -> str:
        return self._auto if wish == "auto" else resolve_device(wish)

    def _left(self, run: Run) -> float | None:
        if run.is_alive:
            seconds = (run.progress() or {}).get("eta_seconds")
            return float(seconds) if isinstance(seconds, int | float) else None
        return self._book.seconds(run)


def network_lines(architecture: Architecture, width: int, height: int) -> list[str]:
    """The layers as a table that fits; where there is no room, layers without parameters go first, then the middle."""
    rows = [
        (row.name.partition(" ")[2], "x".join(map(str, row.output_shape)), row.parameters, row.multiply_adds)
        for row in architecture.summary()
    ]
    if len(rows) + 1 > height:
        rows = [row for row in rows if row[2] or "pool" in row[0]]
    hidden = len(rows) + 1 - height
    if hidden > 0 and height >= 4:
        kept = height - 3
        cut = len(rows) - kept
        rows = [*rows[:kept], (f"... {cut} more layers", "", 0, 0), rows[-1]][: height - 1]
    wide = width >= 56
    name = min(24, width - (36 if wide else 21))
    lines = [_line(("layer", "out", "parameters", "mul-adds" if wide else ""), name)]
    for title, shape, parameters, adds in rows:
        counts = (f"{parameters:,}", f"{adds:,}" if wide else "") if shape else ("", "")
        lines.append(_line((title, shape, *counts), name))
    return lines


def _line(cells: tuple[str, str, str, str], name: int) -> str:
    title, shape, parameters, adds = cells
    return f"{fit(title, name)} {shape:<9} {parameters:>10} {adds:>14}".rstrip()


def _runs_words(checked: Checked) -> str:
    seeds = checked.seeds
    count = len(checked.members) * len(seeds)
    if count == 1:
        return f"1 run (seed {short_seeds(seeds)})"
    return f"{count} runs (seed{'s' if len(seeds) > 1 else ''} {short_seeds(seeds)})"
