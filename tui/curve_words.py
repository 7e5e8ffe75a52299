"""What Curves says in words of a run: where it stands, what is read off, what is noise."""

from __future__ import annotations

import math

from engine.format import percent, short_classes, speed
from engine.listing import ended_words, share_done
from engine.proportion import wilson
from engine.store import Run
from engine.store.columns import Columns
from engine.text import clean
from tui.cells import Row
from tui.chart.state import ACCURACY, LOSS, Looking
from tui.chart.views import has_validation, reference_values, row_of, time_label
from tui.scene import Scene

_REMEDIES = {
    "diverged": "n: set up the same with a lower lr",
    "out of memory": "n: set up the same with a smaller batch",
    "died": "P: go on from its last checkpoint",
}


def about_run(run: Run, reference: Run | None) -> str:
    """What the run is, for the second line."""
    dataset, model, training = (run.experiment.get(name) or {} for name in ("dataset", "model", "training"))
    words = [run.name]
    if model:
        words.append(f"{model.get('name')} {model.get('pooling')} h={model.get('hidden_size')}")
        words.append(f"{dataset.get('name')}: {short_classes(dataset.get('classes') or [])}")
        words.append(f"seed {training.get('seed')}")
    if reference is not None:
        same = dataset == (reference.experiment.get("dataset") or {})
        words.append(f"ref {reference.name}" + ("" if same else " (other data)"))
    return "  ".join(words)


def standing(run: Run, columns: Columns, width: int, *, has_unicode: bool) -> list[Row]:
    """Two lines: how far a run is, or how it ended and what one can do."""
    epochs = (run.experiment.get("training") or {}).get("epochs")
    progress = run.progress() if run.is_alive else None
    if progress:
        share = share_done(progress)
        lr = columns.lr[-1] if len(columns) else None
        words = [
            f"epoch {progress['epoch']}/{progress['epochs']}  batch {progress['step']}/{progress['steps_per_epoch']}"
        ]
        left = progress.get("eta_seconds")
        gone = _clock(progress.get("seconds"))
        words.append(f"{gone} gone" + ("" if left is None else f", {_clock(left)} left"))
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
    return [Row.of([(f" {first}{done}", look)]), Row.of([(f" {second}", " ")])]


_STATES = {
    "starting": "starting",
    "paused": "paused, P goes on",
    "evaluating": "training is done; every split is being scored",
}


def _clock(seconds: float | None) -> str:
    """Whole seconds: `44 s`, `1:19`."""
    return "-" if seconds is None else time_label(float(round(seconds)))


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
    waiting = run.document.get("waiting")
    without_numbers = {
        "queued": ("queued: nothing to see yet", clean(waiting) if waiting else "S takes it out of the queue"),
        "interrupted": ("interrupted: nobody trains it", "P: go on from its last checkpoint   D: trash"),
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
    took = f"{run.state}: {summary.get('epochs_done')} epochs in {_clock(summary.get('seconds'))}"
    return f"{took}, {speed(summary.get('images_per_second'))}", f"{selected}: " + ", ".join(facts)


_SPLITS = (("train", "train_accuracy"), ("validation", "validation_accuracy"), ("test", "test_accuracy"))


def starting_words(run: Run) -> str:
    """`waiting for epoch 1: importing torch 3.1 s, decoding data …`."""
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


def read_off(
    columns: Columns, reference: Columns | None, looking: Looking, best: int | None, *, has_unicode: bool
) -> Row:
    """The values at the crosshair, else the newest ones, and the best epoch."""
    row = row_of(columns, looking.epoch)
    at = len(columns) - 1 if row is None else row
    sign = "r" if has_unicode else "."
    parts: list[tuple[str, str]] = []
    if row is not None:
        elapsed = _clock(columns.elapsed[row])
        parts.append((f" epoch {columns.epochs[row]}  {elapsed}  lr {columns.lr[row]:.3g} ", "h"))
    for measure in (LOSS, ACCURACY):
        parts.append((" | " if measure == ACCURACY else " ", "a"))
        train = "t train (as seen) " if measure == LOSS and row is None else "t "
        parts.append((train + _value(columns.values("train", measure)[at], measure), "t"))
        if has_validation(columns):
            validation = "v val " if measure == LOSS and row is None else "v "
            parts.append(("  " + validation + _value(columns.values("validation", measure)[at], measure), "v"))
        behind = row_of(reference, columns.epochs[at]) if reference is not None else None
        if reference is not None and behind is not None:
            reached = columns.epochs[at] <= reference.epochs[-1]
            value = _value(reference_values(reference, measure)[behind], measure) if reached else "ended"
            parts.append((f"  {sign} {'ref ' if measure == LOSS else ''}{value}", "r"))
    if best is not None and has_validation(columns) and row is None:
        accuracy = columns.values("validation", ACCURACY)[best]
        mark = "◆" if has_unicode else "*"
        parts.append((f"  {mark} best {_value(accuracy, ACCURACY)} @{columns.epochs[best]}", "m"))
    return Row.of(parts)


def run_pane(scene: Scene) -> list[tuple[str, str]]:
    """What there is to know of the curves beside them: lines and the letter of their look."""
    columns, best, lowest = scene.columns, scene.best, scene.columns.lowest_loss
    if scene.run is None or not len(columns):
        return []
    last = len(columns) - 1
    train, validation = columns.values("train", ACCURACY), columns.values("validation", ACCURACY)
    lines = [("THIS RUN", "h")]
    if best is not None and lowest is not None:
        lines.append((f"best       {_value(validation[best], ACCURACY)} % at epoch {columns.epochs[best]}", " "))
        losses = columns.values("validation", LOSS)
        lines.append((f"lowest v   {_value(losses[lowest], LOSS)} at epoch {columns.epochs[lowest]}", " "))
        planned = (scene.run.experiment.get("training") or {}).get("epochs")
        if type(planned) is int and last + 1 >= planned and columns.epochs[lowest] > 0.95 * planned:
            lines.append(("           not yet fitted: train longer", " "))
        if math.isfinite(train[last]) and math.isfinite(validation[last]):
            lines.append((f"t - v now  {100 * (train[last] - validation[last]):+.1f} points, t as seen", " "))
    lines.append((f"an epoch   {columns.elapsed[last] / (last + 1):.2f} s", " "))
    images = scene.run.images
    if images:
        lines.append(("images     " + ", ".join(f"{clean(name)} {count:,}" for name, count in images.items()), " "))
    return [*lines, ("", " ")]


def _value(value: float, measure: str) -> str:
    if not math.isfinite(value):
        return "not finite"
    return f"{100 * value:.1f}" if measure == ACCURACY else f"{value:.3f}"


def noise_words(columns: Columns, images: int | None) -> str:
    """How far the validation curve can be trusted: `v: 150 images: 84 % means 77-89 %, ups and downs under …`.

    The interval is Wilson's, at 95 %, of the newest accuracy; half its width is what one value may be off by chance.

    Args:
        images: in the validation split; None where the run does not say.
    """
    if not len(columns):
        return ""
    if not has_validation(columns):
        return "no validation images: train, with weights that move, says nothing of new images"
    accuracy = columns.values("validation", ACCURACY)[len(columns) - 1]
    if not images or not math.isfinite(accuracy):
        return "v: validation, in eval mode after each epoch"
    low, high = wilson(round(accuracy * images), images)
    low_percent, high_percent = math.floor(100 * low + 0.5), math.floor(100 * high + 0.5)
    under = math.ceil(100 * (high - low) / 2 - 1e-9)
    return (
        f"v: {images:,} images: {percent(accuracy, 0)} % means {low_percent}-{high_percent} %, "
        f"ups and downs under {under} point{'s' if under > 1 else ''} are noise"
    )
