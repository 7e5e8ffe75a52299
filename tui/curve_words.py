"""What Curves says in words of a run: where it stands, what is read off, what is noise."""

from __future__ import annotations

from engine.format import counted, percent, short_classes, speed
from engine.layout import wrapped
from engine.listing import ended_words, fetch_words, share_done
from engine.store import Run, layout
from engine.store.columns import Columns
from engine.text import clean
from tui.cells import Row
from tui.chart.views import clock

_REMEDIES = {
    "diverged": "n: set up the same with a lower lr",
    "out of memory": "n: set up the same, with less of what was too large",
    "died": "P: let it go on",
}


def about_run(run: Run, reference: Run | None) -> str:
    """What the run is, for the second line."""
    dataset, model, training = (run.experiment.get(name) or {} for name in ("dataset", "model", "training"))
    words = [run.name]
    if model:
        hidden = f" h={model['hidden_size']}" if model.get("hidden_size") else ""
        words.append(f"{model.get('name')} {model.get('pooling')}{hidden}")
        words.append(f"{dataset.get('name')}: {short_classes(dataset.get('classes') or [])}")
    if reference is not None:
        same = dataset == (reference.experiment.get("dataset") or {})
        words.append(f"ref {reference.name}" + ("" if same else " (other data)"))
    if training:
        words.append(f"seed {training.get('seed')}")
    return "  ".join(words)


def standing(run: Run, columns: Columns, width: int, *, has_unicode: bool) -> list[Row]:
    """How far a run is, or how it ended and what one can do: two lines, more where that takes more."""
    epochs = (run.experiment.get("training") or {}).get("epochs")
    progress = run.progress() if run.is_alive else None
    if progress:
        share = share_done(progress)
        lr = columns.lr[-1] if len(columns) else None
        words = [
            f"epoch {progress['epoch']}/{progress['epochs']}  batch {progress['step']}/{progress['steps_per_epoch']}"
        ]
        left = progress.get("eta_seconds")
        gone = clock(progress.get("seconds"))
        words.append(f"{gone} gone" + ("" if left is None else f", {clock(left)} left"))
        words.append(speed(progress.get("images_per_second")))
        if lr is not None:
            words.append(f"lr {lr:.3g}")
        if run.state != "training":
            words.insert(0, _STATES[run.state])
        waiting = run.document.get("waiting")
        if waiting:
            words.insert(0, clean(waiting))
        return [bar(share, width, has_unicode=has_unicode), Row.of([(" " + "   ".join(words), " ")])]
    first, second = ended(run)
    done = f"  epoch {columns.epochs[-1]} of {epochs}" if len(columns) and not run.summary else ""
    look = "e" if run.state in ("failed", "damaged", "interrupted") else "k"
    lines = list(wrapped(f"{first}{done}", max(1, width - 1)))
    return [*(Row.of([(f" {line}", look)]) for line in lines), Row.of([(f" {second}", " ")])]


_STATES = {
    "starting": "starting",
    "paused": "paused, P goes on",
    "evaluating": "training is done; every split is being scored",
}


def bar(share: float, width: int, *, has_unicode: bool) -> Row:
    """`[####      ]  62 %`."""
    room = max(4, width - 10)
    full = min(room, round(share * room))
    done, left = ("█", "░") if has_unicode else ("#", " ")
    edges = ("", "") if has_unicode else ("[", "]")
    return Row.of([
        (" " + edges[0], "a"), (done * full, "g"), (left * (room - full), "a"), (edges[1], "a"),
        (f" {100 * share:3.0f} %", "k"),
    ])  # fmt: skip


def ended(run: Run) -> tuple[str, str]:
    """A run that makes no steps now: what it is, and what one can do."""
    if run.damage:
        return f"damaged: {clean(run.damage)}", "cnnlab doctor says what can be done; its other files are left alone"
    if run.state == layout.NEWER:
        return str(run.read_only_reason), "d: what is known of it; cnnlab of that version shows it whole"
    waiting = run.document.get("waiting")
    without_numbers = {
        "queued": ("queued: nothing to see yet", clean(waiting) if waiting else "S takes it out of the queue"),
        "interrupted": ("interrupted: nobody trains it", "P: let it go on   D: trash"),
        "starting": ("starting", starting_words(run)),
        "training": ("training", starting_words(run)),
    }
    if run.state in without_numbers:
        return without_numbers[run.state]
    if run.state == "failed":
        kind = str((run.document.get("failure") or {}).get("kind"))
        return ended_words(run), _REMEDIES.get(kind, "d: what it was to do, and its files")
    if not run.summary:
        return ended_words(run), "n: set up the same again   D: trash"
    summary = run.summary
    selected = f"epoch {summary.get('selected_epoch')} selected on {clean(summary.get('selected_on'))}"
    facts = [f"{label} {percent(summary.get(key))} %" for label, key in _SPLITS]
    took = f"{run.state}: {counted(summary.get('epochs_done'), 'epoch')} in {clock(summary.get('seconds'))}"
    return f"{took}, {speed(summary.get('images_per_second'))}", f"{selected}: " + ", ".join(facts)


_SPLITS = (("train", "train_accuracy"), ("validation", "validation_accuracy"), ("test", "test_accuracy"))


def starting_words(run: Run) -> str:
    """`waiting for epoch 1: importing torch 3.1 s, decoding data …`."""
    if words := fetch_words(run):
        return f"waiting for epoch 1: {words}; S stops it, and what is here is kept"
    parts = [
        f"{clean(name)} …" if seconds is None else f"{clean(name)} {seconds:.1f} s"
        for name, seconds in run.phases()
        if seconds is None or seconds >= 0.05
    ]
    return "waiting for epoch 1: " + (", ".join(parts) or "the process starts …")


def before_first_epoch(run: Run) -> list[str]:
    """What stands where the charts will be."""
    progress = run.progress() if run.is_alive else None
    if progress:
        step = f"batch {progress['step']} of {progress['steps_per_epoch']}"
        return [f"waiting for epoch 1: {step}", "the first point comes with its end"]
    first, second = ended(run)
    return [second] if run.state == "starting" else [first, second]
