"""From wished settings to a queued run: everything that can be wrong is found before a folder is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.architecture import Architecture, build_architecture
from engine.errors import LabError, Problem, SettingsError
from engine.experiment import Experiment
from engine.store.clock import utc_now
from engine.study import Planned, new_study_id, over_seeds

if TYPE_CHECKING:
    from engine.data import ImageDataset
    from engine.store import Run, RunStore


def build_experiment(settings: Mapping[str, Any], data_dir: Path | None = None) -> Experiment:
    """As `Experiment.build`; where something is wrong, unknown classes are said with it.

    Raises:
        SettingsError: with every problem at once.
    """
    try:
        return Experiment.build(settings)
    except SettingsError as error:
        raise SettingsError([*error.problems, *_class_problems(settings.get("dataset"), data_dir)]) from error


def _class_problems(settings: Any, data_dir: Path | None) -> Sequence[Problem]:
    """What is wrong with the classes alone, if the rest of the data set's settings is right."""
    from engine.data import resolve_classes

    try:
        dataset = Experiment.build({"dataset": settings or {}}).dataset
    except SettingsError:
        return ()  # said already
    try:
        resolve_classes(dataset, data_dir)
    except SettingsError as error:
        return error.problems
    except LabError:
        return ()  # the data are not here: said when they are needed
    return ()


def prepare(experiment: Experiment, data_dir: Path | None = None) -> tuple[Experiment, ImageDataset]:
    """The experiment with its classes named, and its data: found, whole, and enough for it.

    Raises:
        SettingsError: unknown classes, too few images, a batch larger than the data, images too small.
        DataError: data that are missing or damaged.
    """
    from engine.data import load_dataset, resolve_classes

    dataset_settings = resolve_classes(experiment.dataset, data_dir)
    experiment = experiment.model_copy(update={"dataset": dataset_settings})
    dataset = load_dataset(dataset_settings, data_dir)
    _check_fits(experiment, dataset)
    return experiment, dataset


def _check_fits(experiment: Experiment, dataset: ImageDataset) -> None:
    check_fit(experiment, dataset.image_shape, len(dataset.classes), len(dataset.train.labels))


def check_fit(experiment: Experiment, image_shape: tuple[int, int, int], classes: int, images: int) -> Architecture:
    """The network of an experiment, which its data are enough for.

    Args:
        image_shape: `(H, W, C)` of one image.
        images: for training.

    Raises:
        SettingsError: images too small for the network, a batch that the data cannot fill.
    """
    architecture = build_architecture(experiment.model, image_shape, classes)
    problems = [*_batch_problems(experiment, architecture, images), *_shift_problems(experiment)]
    if problems:
        raise SettingsError(problems)
    return architecture


def _batch_problems(experiment: Experiment, architecture: Architecture, images: int) -> Iterator[Problem]:
    batch = experiment.training.batch_size
    if batch > images:
        message = f"{batch:,} is more than the {images:,} training images; allowed is 1 … {images:,}"
        yield Problem("training.batch_size", message)
    elif 1 in (batch, images % batch) and any(row.type == "BatchNorm" for row in architecture.summary()):
        message = f"{batch:,} leaves a batch of a single image of the {images:,}, and batch norm needs two or more"
        yield Problem("training.batch_size", f"{message}; take another one")


def _shift_problems(experiment: Experiment) -> Iterator[Problem]:
    shift, side = experiment.training.shift, experiment.dataset.image_size
    if shift >= side:
        yield Problem(
            "training.shift", f"{shift} moves an image of {side} pixels out of sight; allowed is 0 … {side - 1}"
        )


def move_data(run: Run, data_dir: Path) -> None:
    """Note that a run's data lie elsewhere now, once they are found there, whole.

    Raises:
        SettingsError, DataError: as `prepare`.
        RefusedError: if somebody executes the run.
    """
    prepare(Experiment.build(run.experiment), data_dir)
    with run.own() as owner:
        owner.update(request={**(owner.run.document.get("request") or {}), "data_dir": str(data_dir.resolve())})


def prepare_unseen(experiment: Experiment, data_dir: Path | None = None) -> Experiment:
    """As `prepare`, for data that will be fetched before the training: held against what the official archive has.

    Raises:
        SettingsError: as `prepare`.
    """
    from engine.data import resolve_classes
    from engine.data.absent import IMAGE_SHAPE, training_images

    images, classes = training_images(experiment.dataset)
    check_fit(experiment, IMAGE_SHAPE, classes, images)
    return experiment.model_copy(update={"dataset": resolve_classes(experiment.dataset, data_dir)})


def prepare_all(
    experiments: Sequence[Experiment], data_dir: Path | None = None, *, fetch: bool = False
) -> list[Experiment]:
    """Several experiments as `prepare` leaves them; each data set is read once.

    Args:
        fetch: data that are not here will be fetched; they need not be looked at.

    Raises:
        SettingsError, DataError: as `prepare` does.
    """
    from engine.data.absent import is_to_be_fetched

    prepared: list[Experiment] = []
    dataset: ImageDataset | None = None
    for number, experiment in enumerate(experiments):
        if fetch and is_to_be_fetched(experiment.dataset.name, data_dir):
            found = prepare_unseen(experiment, data_dir)
        elif dataset is not None and experiment.dataset == experiments[number - 1].dataset:
            found = experiment.model_copy(update={"dataset": prepared[-1].dataset})
            _check_fits(found, dataset)
        else:
            found, dataset = prepare(experiment, data_dir)
        prepared.append(found)
    return prepared


def default_name(experiment: Experiment, word: str = "") -> str:
    """A name one can type: `cifar100-3-max-s0`; for a study's run with the word that tells it apart."""
    if word:
        plain = re.sub(r"[^\w.-]+", "-", re.sub(" ?%", "pct", word)).strip("-")[:100]
        return f"{experiment.dataset.name}-{len(experiment.dataset.classes)}-{plain}-s{experiment.training.seed}"
    dataset, model, training = experiment.dataset, experiment.model, experiment.training
    network = "" if model.name == "lab" else f"-{model.name}"
    return f"{dataset.name}-{len(dataset.classes)}{network}-{model.pooling}-s{training.seed}"


def study_makers(
    store: RunStore,
    plan: Sequence[Planned],
    *,
    kind: str,
    name: str,
    seeds: Sequence[int],
    tags: tuple[str, ...] = (),
    device: str = "auto",
    data_dir: Path | None = None,
    foreground: bool = False,
    fetch: bool = False,
) -> list[Callable[[], Run]]:
    """For each member of a plan and each seed what makes its run, in state `queued`; where one cannot be, none can.

    Args:
        plan: of one seed; their data need not have been looked at.
        seeds: those that are planned, the first seed of all members first.
        fetch: whoever executes them fetches data that are not here.

    Raises:
        SettingsError, DataError: as `prepare`, of any member.
        RequestError, RefusedError: where runs cannot be made here.
    """
    store.check_writable()
    prepared = prepare_all([one.experiment for one in plan], data_dir, fetch=fetch)
    members = over_seeds([one.of(experiment) for one, experiment in zip(plan, prepared, strict=True)], seeds)
    identity = {"id": new_study_id(), "name": name, "kind": kind, "seeds": list(seeds)}

    def maker(position: int, member: Planned) -> Callable[[], Run]:
        place = {**identity, "position": position, **member.place()}
        called = default_name(member.experiment, "" if kind in ("pooling", "seeds") else member.label)
        wish: dict[str, Any] = {"name": called, "tags": tags, "device": device, "data_dir": data_dir}
        wish |= {"foreground": foreground, "fetch": fetch}
        return lambda: queue_run(store, member.experiment, **wish, study=place)

    return [maker(position, member) for position, member in enumerate(members, 1)]


def queue_run(
    store: RunStore,
    experiment: Experiment,
    *,
    name: str | None = None,
    tags: tuple[str, ...] = (),
    device: str = "auto",
    data_dir: Path | None = None,
    study: dict[str, Any] | None = None,
    foreground: bool = False,
    fetch: bool = False,
) -> Run:
    """A new run of a prepared experiment, in state `queued`.

    Args:
        foreground: whoever makes it trains it; workers leave it alone.
        fetch: whoever executes it fetches its data, where they are not there.
    """
    request = {
        "device": device,
        "data_dir": str(data_dir.resolve()) if data_dir else None,
        "foreground": foreground,
        "queued_at": utc_now(milliseconds=True),
        **({"fetch": True} if fetch else {}),
    }
    return store.create(
        experiment.to_dict(),
        fingerprint=experiment.fingerprint,
        name=default_name(experiment) if name is None else name,
        tags=tags,
        study=study,
        request=request,
    )
