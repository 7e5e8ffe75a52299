"""Of the list one line, of one run three: what it is, how far it is or how it ended, what is known of its test."""

from __future__ import annotations

from engine.format import brief, percent, short_classes
from engine.store import layout
from engine.text import clean
from tui.listing import cells
from tui.listing.cells import Row
from tui.messages import Seen
from tui.selection import Selection

_MOST_CLASSES = 6
_SELECTED = {"test": "selected on test", "last": "the last epoch"}


def about_list(folder: str, seen: Seen, selection: Selection, shown: int, columns: str) -> str:
    """The list in one line.

    Args:
        folder: the name of its folder.
        shown: how many runs pass the filter.
        columns: the split or the view that its columns are of.
    """
    order = "newest first"
    if selection.sort:
        order = f"by {selection.sort.removeprefix('-')}" + (", turned round" if selection.sort[0] == "-" else "")
    parts = [
        f"{folder}/" + (" (read-only)" if seen.read_only else ""),
        f"{shown:,} of {len(seen.runs):,}" + ("" if seen.is_whole or not seen.runs else " so far"),
        f"/{selection.filter}" if selection.filter else "",
        order,
        columns,
        f"{len(selection.marks):,} marked" if selection.marks else "",
        "* = ref" if selection.reference else "",
    ]
    return "  ".join(filter(None, parts))


def about_lines(row: Row, width: int) -> list[str]:
    """The run under the cursor in three lines.

    Args:
        width: cells that there are; a reason is cut to them, what enter does is not.
    """
    return [_what(row), _how_far(row, width), _outcome(row)]


def _what(row: Row) -> str:
    run = row.run
    if run.damage or run.state == layout.NEWER:
        return run.id
    classes = short_classes(row.setting("dataset", "classes") or [], _MOST_CLASSES)
    network = [clean(value) for key in ("name", "pooling") if (value := row.setting("model", key))]
    if hidden := row.setting("model", "hidden_size"):
        network.append(f"h={clean(hidden)}")
    parts = [
        clean(run.name),
        f"{clean(row.setting('dataset', 'name') or '-')}: {classes}",
        " ".join(network),
        f"seed {clean(row.setting('training', 'seed'))}",
        cells.tags(row),
    ]
    return "  ".join(filter(None, parts))


def _how_far(row: Row, width: int) -> str:
    run, progress = row.run, row.progress
    if note := cells.note(row, width):
        return f"starting: {note}" if run.state == "starting" else note
    if progress:
        left = progress.get("eta_seconds")
        words = f"epoch {progress['epoch']} of {progress['epochs']}, {brief(progress.get('seconds'))}"
        return _and_best(row, words + (f", about {brief(left)} left" if left is not None else ""))
    if run.state == "queued":
        place = f"{row.place} in the queue" if row.place else "in the queue"
        return place + (f"; such a run took {brief(row.expected)}" if row.expected is not None else "")
    if run.state == "interrupted":
        return _and_best(row, "interrupted; P lets it go on")
    if not row.summary:
        return f"{run.state} before it began" if run.is_over else run.state
    return _and_best(row, f"{run.state} after {brief(row.summary.get('seconds'))}")


def _and_best(row: Row, words: str) -> str:
    value, epoch = cells.accuracy(row, "validation"), cells.selected_epoch(row)
    if value is None:
        return words
    interval = cells.interval(row, "validation")
    images = (row.summary.get("images") or {}).get("validation")
    over = f" (n {images:,}: {interval})" if images else ""
    return f"{words}     best val {percent(value)} %{over} at epoch {epoch}"


def _outcome(row: Row) -> str:
    summary = row.summary
    if row.run.state == layout.NEWER:
        return "d: what is known of it"
    if row.run.damage:
        return "its files are left as they are; D moves it to the trash, cnnlab doctor says more"
    if summary.get("test_accuracy") is None:
        return "test: looked at once, when the run ends" if not row.run.is_over else ""
    images = (summary.get("images") or {}).get("test")
    over = f" (n {images:,}: {cells.interval(row, 'test')})" if images else ""
    selected = _SELECTED.get(str(summary.get("selected_on")), "")
    words = f"test {percent(summary['test_accuracy'])} %{over}, train {percent(summary.get('train_accuracy'))} %"
    return f"{words}, gap {percent(summary.get('overfitting_gap'))}" + (f", {selected}" if selected else "")
