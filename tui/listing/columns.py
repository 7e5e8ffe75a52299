"""The columns of Runs: three views of the same runs, fitted to a width, whichever rows are visible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.format import setting
from engine.layout import fit, text_width
from engine.text import clean
from tui.listing import cells
from tui.listing.cells import Row
from tui.listing.sparkline import BLOCKS, sparkline

VIEWS = ("quality", "time", "settings")
GAP = 1


@dataclass(frozen=True)
class RunColumn:
    """A column.

    Args:
        heading: also its name.
        width: cells that it needs.
        cell: its text for a run, clean, given the column's width; where it is wider it is cut.
        key: what `s` sorts by; empty: it cannot be sorted by.
        right: numbers stand to the right.
        drop: where there is no room, the column with the highest goes first; 0: it stays.
        most: cells that it may grow to.
    """

    heading: str
    width: int
    cell: Callable[[Row, int], str]
    key: str = ""
    right: bool = True
    drop: int = 0
    most: int = 0


@dataclass(frozen=True)
class Placed:
    """A column where it stands: it begins at cell `x`."""

    column: RunColumn
    x: int
    width: int

    def text(self, row: Row) -> str:
        return fit(self.column.cell(row, self.width), self.width, right=self.column.right)

    def heading(self, sort: str) -> str:
        """Its heading, with an arrow on the side of the gap where the table is sorted by it."""
        text, key = self.column.heading, self.column.key
        if key and sort.removeprefix("-") == key:
            text = f"{_arrow(sort)}{text}" if self.column.right else f"{text}{_arrow(sort)}"
        return fit(text, self.width + GAP if self.column.right else self.width, right=self.column.right)


def columns_of(view: str, split: str, levels: str = BLOCKS) -> Sequence[RunColumn]:
    """The columns of a view.

    Args:
        view: one of `VIEWS`.
        split: of the accuracies: one of `cells.SPLITS`.
        levels: the characters of the curves.
    """
    if view == "time":
        return _time()
    return _settings() if view == "settings" else _quality(split, levels)


def place(columns: Sequence[RunColumn], room: int) -> list[Placed]:
    """The columns that fit into `room` cells; what is left over goes to those that may grow."""
    shown = list(columns)
    while len(shown) > 1 and sum(column.width + GAP for column in shown) - GAP > room:
        goes = max(shown, key=lambda column: column.drop)
        if not goes.drop:
            break
        shown.remove(goes)
    spare = room - sum(column.width + GAP for column in shown) + GAP
    while spare > 0 and (hungry := [i for i, column in enumerate(shown) if column.width < column.most]):
        for i in hungry[:spare]:
            shown[i] = replace(shown[i], width=shown[i].width + 1)
        spare -= len(hungry[:spare])
    placed, x = [], 0
    for column in shown:
        placed.append(Placed(column, x, column.width))
        x += column.width + GAP
    return placed


def _arrow(sort: str) -> str:
    return "^" if sort.startswith("-") else "v"


def _text(function: Callable[[Row], str]) -> Callable[[Row, int], str]:
    return lambda row, width: function(row)


def _name(row: Row, width: int) -> str:
    """The name of a run; of a long one the middle goes, for the end tells it from its neighbours."""
    name = cells.name(row)
    if not len(name) == text_width(name) > width > 2:
        return name
    head = width // 3
    return f"{name[:head]}…{name[head + 1 - width :]}"


def _of(section: str, key: str) -> Callable[[Row, int], str]:
    def cell(row: Row, width: int) -> str:
        value = row.setting(section, key)
        return "-" if value is None else clean(setting(value))

    return cell


def _count(key: str) -> Callable[[Row, int], str]:
    def cell(row: Row, width: int) -> str:
        value = row.summary.get(key)
        return "-" if value is None else f"{value:,.0f}"

    return cell


def _environment(key: str) -> Callable[[Row, int], str]:
    return lambda row, width: clean(row.run.environment.get(key) or "-")


_STATE = RunColumn("state", 10, _text(cells.state), "state", right=False)
_RUN = RunColumn("run", 14, _name, "name", right=False, most=36)
_DIFFERS = RunColumn("differs", 11, lambda row, width: row.differs, "differs", right=False, most=32)
_TIME = RunColumn("time", 6, _text(cells.time_taken), "seconds", drop=2)
_AGE = RunColumn("age", 3, _text(cells.made), "created", drop=6)
_TAGS = RunColumn("tags", 8, _text(cells.tags), "tag", right=False, drop=19, most=24)


def _quality(split: str, levels: str) -> Sequence[RunColumn]:
    def share(row: Row, width: int) -> str:
        value = cells.accuracy(row, split)
        return "-" if value is None else f"{100 * value:.1f}"

    def curve(row: Row, width: int) -> str:
        if row.trace is None:
            return ""
        return sparkline(row.trace.train if split == "train" else row.trace.validation, width, *row.scale, levels)

    short = {"validation": "val", "test": "test", "train": "train"}[split]
    title = "as seen " if split == "train" else "val curve"  # while the weights moved
    return (
        _STATE,
        _RUN,
        _DIFFERS,
        RunColumn("data", 18, _text(cells.data), "dataset.name", right=False, drop=9, most=30),
        RunColumn(f"{short} %", len(short) + 2, share, f"{split}_accuracy"),
        RunColumn("[95 %]", 7, lambda row, width: cells.interval(row, split), drop=7),
        RunColumn("@ep", 4, lambda row, width: _brief_count(cells.selected_epoch(row)), "selected_epoch", drop=4),
        RunColumn(title, len(title), curve, right=False, drop=5, most=24),
        RunColumn("gap", 5, _text(cells.gap), "overfitting_gap", drop=3),
        RunColumn("epochs", 9, _text(cells.epochs), "epochs_done", drop=8),
        _TIME,
        _AGE,
        _TAGS,
    )


def _time() -> Sequence[RunColumn]:
    return (
        _STATE,
        _RUN,
        replace(_DIFFERS, drop=5),
        RunColumn("epochs", 9, _text(cells.epochs), "epochs_done"),
        replace(_TIME, drop=0),
        RunColumn("left", 5, _text(cells.time_left), drop=3),
        RunColumn("s/epoch", 7, _text(cells.seconds_per_epoch), drop=4),
        RunColumn("img/s", 6, _text(cells.images_per_second), "images_per_second", drop=1),
        RunColumn("mul-adds", 13, _count("multiply_adds"), "multiply_adds", drop=10),
        RunColumn("params", 11, _count("parameters"), "parameters", drop=11),
        RunColumn("device", 7, _environment("device"), "device", right=False, drop=7, most=8),
        RunColumn("on", 12, _environment("device_name"), right=False, drop=12, most=32),
        RunColumn("threads", 7, _environment("threads"), drop=9),
        _AGE,
    )


def _settings() -> Sequence[RunColumn]:
    return (
        _STATE,
        replace(_RUN, most=30),
        RunColumn("data", 14, _text(cells.data), "dataset.name", right=False, most=36),
        RunColumn("network", 8, _of("model", "name"), "model.name", right=False, drop=4, most=12),
        RunColumn("pooling", 8, _of("model", "pooling"), "model.pooling", right=False, drop=3),
        RunColumn("filters", 7, _of("model", "hidden_size"), "model.hidden_size", drop=9),
        RunColumn("epochs", 6, _of("training", "epochs"), "training.epochs", drop=5),
        RunColumn("batch", 5, _of("training", "batch_size"), "training.batch_size", drop=6),
        RunColumn("optim", 6, _of("training", "optimizer"), "training.optimizer", right=False, drop=8),
        RunColumn("lr", 7, _of("training", "lr"), "training.lr", drop=2),
        RunColumn("decay", 7, _of("training", "weight_decay"), "training.weight_decay", drop=10),
        RunColumn("schedule", 9, _of("training", "schedule"), "training.schedule", right=False, drop=11),
        RunColumn("seed", 4, _of("training", "seed"), "training.seed", drop=1),
        replace(_DIFFERS, drop=12),
        replace(_TAGS, drop=13),
    )


def _brief_count(value: float | None) -> str:
    """A count in at most four cells: `271`, `12k`."""
    if value is None:
        return "-"
    if value < 10_000:
        return f"{value:.0f}"
    return f"{value / 1000:.0f}k" if value < 999_500 else f"{value / 1e6:.0f}M"
