"""One run as cells of text: pure functions of what was read, each at most as wide as its column wants to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.format import age, brief, percent, short_classes, speed
from engine.layout import fit, text_width
from engine.listing import fetch_words, share_done
from engine.store import Run
from engine.store.trace import Trace
from engine.text import clean

SPLITS = ("validation", "test", "train")
HINTS = (".  enter: details", ".  enter: why")  # ends of a note that the words of enter are in
BEFORE_NOTE = ("state", "run", "differs")  # columns that a run without numbers has
_STATES = {"training": "train", "interrupted": "interrupt"}


@dataclass(frozen=True)
class Row:
    """What the cells of a run are made of.

    Args:
        run: as it was last read.
        differs: what tells it from its neighbours.
        trace: its accuracies, coarse; None while they are not read.
        place: in the queue of its device, from 1; None where it does not wait.
        expected: seconds that a run of the same experiment took; None where there is none.
        scale: accuracies that the lowest and the highest character of its curve stand for.
        now: seconds since 1970.
        began: when the present phase of a run that starts began, as `now`; None where that is not known.
    """

    run: Run
    differs: str = ""
    trace: Trace | None = None
    place: int | None = None
    expected: float | None = None
    scale: tuple[float, float] = (0.0, 1.0)
    now: float = 0.0
    began: float | None = None

    @property
    def summary(self) -> Mapping[str, Any]:
        return self.run.summary or {}

    def setting(self, section: str, key: str) -> Any:
        """A setting; None where it is not known."""
        return (self.run.experiment.get(section) or {}).get(key)

    @property
    def progress(self) -> Mapping[str, Any]:
        """The step under way of a live run; else empty."""
        return (self.run.progress() or {}) if self.run.is_alive else {}


def state(row: Row) -> str:
    """`train 62%`, `queued 2`, `interrupt`: ten cells."""
    word = _STATES.get(row.run.state, row.run.state)
    if row.run.state == "queued" and row.place:
        return f"{word} {row.place}"
    if row.run.state in ("training", "paused") and row.progress:
        return f"{word} {percent(share_done(dict(row.progress)), 0)}%"
    return word


def name(row: Row) -> str:
    return clean(row.run.id if row.run.damage else row.run.name)


def note(row: Row, width: int | None = None) -> str:
    """What stands in place of the numbers of a run that has none, and why; empty for all others.

    Args:
        width: cells that there are; the reason is cut to them, what enter does is not.
    """
    reason, hint = _note(row)
    if width is not None and text_width(reason + hint) > width:
        hint = hint.removeprefix(".")
        reason = fit(reason, max(0, width - text_width(hint))).rstrip()
    return reason + hint


def _note(row: Row) -> tuple[str, str]:
    """The reason, and what enter does; without a reason, nothing."""
    run, (details, why) = row.run, HINTS
    if damage := run.damage or run.read_only_reason:
        return clean(damage), details
    if waiting := run.document.get("waiting"):
        return f"waits: {clean(waiting)}", why
    if run.state == "failed":
        reason = (run.document.get("failure") or {}).get("reason")
        return clean(reason or "the reason is not known"), why
    if words := fetch_words(run):
        return words, ""
    if run.state == "starting" and not (row.trace and row.trace.epoch):
        return starting(row), ""
    return "", ""


def starting(row: Row) -> str:
    """`importing torch 2 s`: what a run that starts waits for, and how long it has."""
    phases = row.run.phases()
    phase = clean(phases[-1][0]) if phases else "the process starts"
    return phase if row.began is None else f"{phase} {max(0.0, row.now - row.began):.0f} s"


def accuracy(row: Row, split: str) -> float | None:
    """The accuracy of the selected weights; on validation of a live run, the best so far."""
    value: float | None = row.summary.get(f"{split}_accuracy")
    if value is None and split == "validation" and not row.run.is_over and row.trace:
        return row.trace.best
    return value


def selected_epoch(row: Row) -> int | None:
    """The epoch whose weights count; of a live run, the best so far."""
    value: int | None = row.summary.get("selected_epoch")
    if value is None and not row.run.is_over and row.trace:
        return row.trace.best_epoch
    return value


def gap(row: Row) -> str:
    """Train minus test in points; of a live run `~`: train as seen minus validation, now."""
    value = row.summary.get("overfitting_gap")
    if value is None and not row.run.is_over and row.trace and row.trace.gap is not None:
        return f"~{percent(row.trace.gap)}"
    return percent(value)


def interval(row: Row, split: str) -> str:
    """Wilson's 95 % interval over the images of a split, in percent: `78-90`."""
    images, share = (row.summary.get("images") or {}).get(split), accuracy(row, split)
    if not images or share is None:
        return "-"
    from engine.proportion import wilson

    low, high = wilson(round(share * images), images)
    return f"{percent(low, 0)}-{percent(high, 0)}"


def time_taken(row: Row) -> str:
    """Seconds of training so far or altogether; `~` before one that waits: what such a run took before."""
    if row.run.state == "queued":
        return "-" if row.expected is None else f"~{brief(row.expected)}"
    return brief(row.progress.get("seconds", row.summary.get("seconds")))


def time_left(row: Row) -> str:
    return brief(row.progress.get("eta_seconds"))


def epochs(row: Row) -> str:
    """`310/500` of one that is not complete, else `500`."""
    planned = row.setting("training", "epochs")
    done = row.progress.get("epoch", row.summary.get("epochs_done"))
    return clean(planned if done in (None, planned) else f"{done}/{planned}") if planned is not None else "-"


def seconds_per_epoch(row: Row) -> str:
    done = row.progress.get("epoch", row.summary.get("epochs_done"))
    seconds = row.progress.get("seconds", row.summary.get("seconds"))
    return f"{seconds / done:.2g}" if done and seconds is not None else "-"


def images_per_second(row: Row) -> str:
    return speed(row.progress.get("images_per_second", row.summary.get("images_per_second"))).removesuffix(" img/s")


def made(row: Row) -> str:
    """How long ago the run was made."""
    try:
        return age(row.now - datetime.fromisoformat(row.run.created).timestamp())
    except ValueError:
        return "-"


def data(row: Row) -> str:
    return (
        f"{clean(row.setting('dataset', 'name') or '-')}: {short_classes(row.setting('dataset', 'classes') or [], 2)}"
    )


def tags(row: Row) -> str:
    return clean(" ".join(row.run.tags))
