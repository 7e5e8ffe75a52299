"""How long trainings will take, from what others took here; what was never measured is unknown.

`images_per_second` of a run holds its validation after each epoch too, so that a run much like it takes as long.
"""

from __future__ import annotations

import heapq
import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.machine import resolve_device
from engine.store import Run

_NEWEST = 300  # runs that are looked at: yesterday's speed says more than last year's
_MEDIAN_OF = 5
_COSTLY = ("precision",)  # of training: besides the batch, what changes the speed of the same network


@dataclass(frozen=True)
class Work:
    """One training, by what its time depends on.

    Args:
        network: settings that make the network and its step, comparable by equality.
        multiply_adds: for one image, forward; 0 where they are not known.
        images: images it trains on, all epochs together.
    """

    network: Any
    multiply_adds: int
    images: float


@dataclass(frozen=True)
class Speed:
    """Images a second, and from what that is known."""

    images_per_second: float
    basis: str


@dataclass(frozen=True)
class _Measured:
    network: Any
    device: str
    lanes: int
    multiply_adds: int
    images_per_second: float
    machine: str
    pooling: str


class SpeedBook:
    """What was measured in a folder of runs.

    Args:
        runs: newest first; live ones count too, at their speed so far.
    """

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._entries: list[_Measured] = []
        self._images: dict[Any, int] = {}  # to train on, by the settings of the data
        for run in runs:
            if entry := _measured(run):
                self._entries.append(entry)
            if images := run.images.get("train"):
                self._images.setdefault(_data(run.experiment), images)
            if len(self._entries) == _NEWEST:
                break

    def work(self, run: Run) -> Work | None:
        """What it takes to train a run whole; None where no run on the same data told its images."""
        images = run.images.get("train") or self._images.get(_data(run.experiment))
        epochs = (run.experiment.get("training") or {}).get("epochs")
        if not images or type(epochs) is not int:
            return None
        return Work(_network(run.experiment), (run.summary or {}).get("multiply_adds") or 0, float(images) * epochs)

    def seconds(self, run: Run) -> float | None:
        """Of a run that waits, beside as many others as trained on its device last; None where that is not known."""
        work = self.work(run)
        wish = run.environment.get("device") or (run.document.get("request") or {}).get("device") or "auto"
        device = resolve_device(str(wish))
        lanes = next((entry.lanes for entry in self._entries if entry.device == device), 1)
        return estimate([work], self, device, lanes).seconds if work else None

    def speed(self, work: Work, device: str, lanes: int) -> Speed | None:
        """Of the same network on this device beside as many others, else scaled from the one nearest in work.

        Args:
            device: `cpu`, `cuda:0`.
        """
        there = [entry for entry in self._entries if entry.device == device]
        here = [entry for entry in there if entry.machine == there[0].machine]  # the one that was used last
        same = [entry for entry in here if entry.network == work.network]
        same = [entry for entry in same if entry.multiply_adds == work.multiply_adds or not work.multiply_adds]
        for entries, words in ((_with_lanes(same, lanes), ""), (same, ", with other lanes")):
            if entries:
                newest = [entry.images_per_second for entry in entries[:_MEDIAN_OF]]
                runs = "1 such run" if len(newest) == 1 else f"{len(newest)} such runs"
                return Speed(statistics.median(newest), f"measured in {runs}{words}")
        known = [entry for entry in _with_lanes(here, lanes) or here if entry.multiply_adds]
        if not known or not work.multiply_adds:
            return None
        nearest = min(known, key=lambda entry: abs(_ratio(entry.multiply_adds, work.multiply_adds)))
        scaled = nearest.images_per_second * nearest.multiply_adds / work.multiply_adds
        return Speed(scaled, f"by multiply-adds from {nearest.pooling}, {nearest.multiply_adds / 1e6:.2f} M")


@dataclass(frozen=True)
class Estimate:
    """Seconds of several runs together; None where one of them is unknown."""

    seconds: float | None
    basis: str


def estimate(works: Sequence[Work], book: SpeedBook, device: str, lanes: int) -> Estimate:
    """The time until all of them are done, `lanes` at once, in their order."""
    found = {id(work): book.speed(work, device, lanes) for work in {id(work): work for work in works}.values()}
    speeds = [found[id(work)] for work in works]
    known = [(work, speed) for work, speed in zip(works, speeds, strict=True) if speed is not None]
    if len(known) < len(works):
        return Estimate(None, f"nothing was measured on {device} yet")
    bases = list(dict.fromkeys(speed.basis for _, speed in known))
    basis = min(bases, key=lambda words: words.startswith("measured"), default="")
    return Estimate(makespan([work.images / speed.images_per_second for work, speed in known], lanes), basis)


def makespan(seconds: Iterable[float], lanes: int) -> float:
    """When the last one ends, if each starts on the first lane that is free."""
    free = [0.0] * max(1, lanes)
    for one in seconds:
        heapq.heapreplace(free, free[0] + one)
    return max(free)


def work_of(experiment: Mapping[str, Any], multiply_adds: int, training_images: int) -> Work:
    """Of settings by section, as `run.json` has them.

    Args:
        training_images: of one epoch.
    """
    training = experiment["training"]
    return Work(_network(experiment), multiply_adds, float(training_images) * training["epochs"])


def _network(experiment: Mapping[str, Any]) -> Any:
    training = experiment.get("training") or {}
    costly = [training.get(key) for key in ("batch_size", *_COSTLY)]
    return experiment.get("model"), (experiment.get("dataset") or {}).get("image_size"), costly


def _data(experiment: Mapping[str, Any]) -> Any:
    """What decides how many images there are to train on."""
    dataset = experiment.get("dataset") or {}
    keys = ("name", "classes", "validation", "train_fraction")
    return json.dumps([dataset.get(key) for key in keys])


def _measured(run: Run) -> _Measured | None:
    summary, environment = run.summary or {}, run.environment
    progress = (run.progress() or {}) if run.is_alive else {}
    speed = summary.get("images_per_second") or progress.get("images_per_second")
    device = environment.get("device")
    if not speed or not isinstance(device, str):
        return None
    return _Measured(
        network=_network(run.experiment),
        device=device,
        lanes=environment.get("lanes") or 1,
        multiply_adds=summary.get("multiply_adds") or 0,
        images_per_second=speed,
        machine=str(environment.get("device_name")),
        pooling=str((run.experiment.get("model") or {}).get("pooling", run.name)),
    )


def _with_lanes(entries: Sequence[_Measured], lanes: int) -> list[_Measured]:
    return [entry for entry in entries if entry.lanes == lanes]


def _ratio(a: float, b: float) -> float:
    return max(a / b, b / a)
