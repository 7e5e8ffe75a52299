"""Options that several commands share, and settings as options."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from engine.configuration import Settings, load_toml, merge, nest, parse_assignment, parse_value
from engine.errors import RequestError
from engine.places import default_runs_dir

if TYPE_CHECKING:
    from engine.store import Run, RunStore

Command = TypeVar("Command", bound=Callable[..., Any])

# Option -> setting. The order is that of the help.
SETTINGS = {
    "dataset": ("dataset.name", "NAME", "digits, cifar10, cifar100, folder"),
    "classes": ("dataset.classes", "A,B,C", "by name, index or superclass; default: all"),
    "validation": ("dataset.validation", "X", 'fraction of train to select on; 0: none; "test": the test split'),
    "split-seed": ("dataset.split_seed", "N", "fixes which images are held out"),
    "image-size": ("dataset.image_size", "PX", "pixels a side, for digits and folder; a multiple of 16"),
    "model": ("model.name", "NAME", "network: lab, lab-bn, lab-deep, lab-global, resnet9"),
    "pooling": ("model.pooling", "P", "stride, max, avg"),
    "hidden-size": ("model.hidden_size", "N", "filters of the first convolution"),
    "epochs": ("training.epochs", "N", "passes over the training images"),
    "batch-size": ("training.batch_size", "N", "images a step"),
    "optimizer": ("training.optimizer", "O", "sgd, adamw"),
    "lr": ("training.lr", "X", "learning rate"),
    "momentum": ("training.momentum", "X", "of sgd"),
    "weight-decay": ("training.weight_decay", "X", "of every weight and bias"),
    "schedule": ("training.schedule", "S", "constant, cosine, one_cycle"),
    "flips": ("training.flips", "F", "mirrored images: none, random, alternating"),
    "shift": ("training.shift", "PX", "pixels by which images are moved at most"),
    "cutout": ("training.cutout", "PX", "pixels a side of a blanked square"),
    "label-smoothing": ("training.label_smoothing", "X", "share of the target that all classes have"),
    "ema": ("training.ema", "X", "averages the weights; 0: off"),
    "test-flips": ("training.test_flips", "true|false", "averages the logits of an image and its mirror image"),
    "seed": ("training.seed", "N", "initial weights and order of the images"),
    "threads": ("training.threads", "N", "CPU threads; 0: the machine and the network decide"),
    "precision": ("training.precision", "P", "exact, fast (bfloat16 and TF32 where the device has them)"),
}
_TEXT = {"dataset.name", "dataset.classes", "model.name", "model.pooling", "training.optimizer"}
_TEXT |= {"training.schedule", "training.precision", "training.flips"}


def settings_options(command: Command) -> Command:
    """The options that make an experiment: one a setting, `--preset`, `--config` and `--set`."""
    command = click.option(
        "--set", "assignments", metavar="K=V", multiple=True, help="any setting: --set training.nesterov=true"
    )(command)
    command = click.option(
        "--config", metavar="F.toml", type=click.Path(path_type=Path, readable=False), help="settings as TOML"
    )(command)
    command = click.option(
        "--preset", metavar="P", help="settings to begin with: small-best, cifar10-94, cifar100-75, cifar100-79"
    )(command)
    for name in reversed(SETTINGS):
        field, metavar, text = SETTINGS[name]
        command = click.option(
            f"--{name}", field.replace(".", "__"), metavar=metavar, help=text, shell_complete=_complete_value(field)
        )(command)
    return command


def _complete_value(field: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """What the shell offers for a setting: its words; for classes those of the data set, after the last comma."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        from engine.experiment import choices

        if field != "dataset.classes":
            return [word for word in choices(field) if word.startswith(incomplete)]
        from engine.data import class_words

        before, comma, begun = incomplete.rpartition(",")
        name = str(context.params.get("dataset__name") or "digits")
        words = [word for word in class_words(name) if " " not in word]  # shells would take it for two
        return [before + comma + word for word in words if word.startswith(begun)]

    return complete


def settings_from(options: dict[str, Any], defaults: Settings | None = None) -> Settings:
    """Nested settings: a preset, over it a TOML file, the options, `--set`. Takes what it reads out of `options`."""
    from engine.presets import preset

    config, assignments, name = (options.pop(key) for key in ("config", "assignments", "preset"))
    given: dict[str, Any] = {}
    for field, _, _ in SETTINGS.values():
        text = options.pop(field.replace(".", "__"))
        if text is not None:
            given[field] = text if field in _TEXT else parse_value(text)
    layers = [load_toml(config)] if config else []
    begin = preset(name) if name is not None else {}
    return merge(defaults or {}, begin, *layers, nest(given), nest(dict(map(parse_assignment, assignments))))


def runs_option(command: Command) -> Command:
    """`--runs DIR`: where the run folders are."""
    return click.option(
        "--runs",
        "runs_dir",
        metavar="DIR",
        type=click.Path(path_type=Path, readable=False),
        envvar="CNNLAB_RUNS",
        help="folder of the runs  [default: $CNNLAB_RUNS, ./runs, or the data folder of the user]",
    )(command)


def data_dir_option(command: Command) -> Command:
    """`--data-dir DIR`: where the data sets are."""
    return click.option(
        "--data-dir",
        metavar="DIR",
        type=click.Path(path_type=Path, readable=False),
        envvar="CNNLAB_DATA",
        help="folder, or archive, of the data set  [default: $CNNLAB_DATA or the cache of the user]",
    )(command)


def moved_data_option(command: Command) -> Command:
    """`--data-dir DIR` for what was trained before: its own place is known."""
    return click.option(
        "--data-dir",
        metavar="DIR",
        type=click.Path(path_type=Path, readable=False),
        help="where the data set is now  [default: where it was]",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`: one JSON document on stdout, nothing else there."""
    return click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")(command)


def device_option(command: Command) -> Command:
    """`--device D`."""
    return click.option("--device", metavar="D", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1")(
        command
    )


def detach_option(command: Command) -> Command:
    """`--detach`."""
    text = "queue it for a worker in the background, and return at once"
    return click.option("--detach", is_flag=True, help=text)(command)


def fetch_option(command: Command) -> Command:
    """`--fetch`."""
    text = "fetch the data set first, where it is not here; with --detach in the background, its runs queue behind it"
    return click.option("--fetch", is_flag=True, help=text)(command)


def run_argument(name: str = "reference", **options: Any) -> Callable[[Command], Command]:
    """`RUN`: an id, a unique beginning of one, a name, @last, @best; completed by the shell."""
    return click.argument(name, metavar=options.pop("metavar", "RUN"), shell_complete=_complete_run, **options)


def confirm(question: str, yes: bool) -> None:
    """Ask on the terminal, unless `yes` was given.

    Raises:
        RequestError: if the answer is no, or there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise RequestError(f"{question} There is nobody to ask here: give --yes")
    if not click.confirm(question, default=False, err=True):
        raise RequestError("nothing was done; --yes does not ask")


def open_store(runs_dir: Path | None, *, slim: bool = True) -> RunStore:
    """The folder of the runs that the options and the environment name."""
    from engine.store import RunStore

    return RunStore(runs_dir if runs_dir is not None else default_runs_dir(), slim=slim)


def find_run(store: RunStore, reference: str, runs: Sequence[Run] | None = None) -> Run:
    """The run that a user means; `runs`: all of them, where they are known already."""
    if reference == "@best":
        from engine.references import pick_best

        best: Run = pick_best(store.runs() if runs is None else runs)
        return best
    return store.resolve(reference, runs)


def find_runs(store: RunStore, references: Sequence[str]) -> list[Run]:
    """The runs that a user means, each once; the folder is listed once at most."""
    from engine.store.ids import is_run_id

    runs = None if all(map(is_run_id, references)) else store.runs()
    return list({run.id: run for run in (find_run(store, reference, runs) for reference in references)}.values())


def _complete_run(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    store = open_store(context.params.get("runs_dir"))
    words = ["@last", "@best", *(word for run in store.runs() for word in (run.name, run.id))]
    return [word for word in dict.fromkeys(words) if word.startswith(incomplete)]
