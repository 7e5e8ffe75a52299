"""The loop: one network, one data set, one device, epochs of steps, nothing but events out.

It knows no screen, no file and no other run. Between two chunks of steps nothing waits for the device;
what it measured is fetched once at the end of a chunk.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch
from torch import Tensor

from engine.architecture import build_architecture
from engine.data import ImageDataset
from engine.events import EpochEnded, StepProgress
from engine.experiment import Experiment
from engine.network import Dropout, ImageNetwork, build_network
from engine.training.augmentation import Augmentation
from engine.training.averaging import WeightAverage
from engine.training.batches import Batches
from engine.training.capture import Eager, KeptState, Path, PathMaker, choose_path
from engine.training.fetch import DivergedError, EndedEpoch, read_scores
from engine.training.optimizer import build_optimizer
from engine.training.pacer import Pacer
from engine.training.position import Position
from engine.training.precision import EXACT, Precision
from engine.training.schedule import RateTable
from engine.training.scores import BatchScores, EpochTable
from engine.training.seeds import generator_for
from engine.training.selection import Selection
from engine.training.step import TrainingStep
from engine.training.validation import Validation

__all__ = ["DivergedError", "Trainer"]


class Trainer:
    """One training under way. `tensors`, `generators` and its counters are its whole state.

    Args:
        experiment: with resolved classes.
        dataset: its data.
        device: where to train.
        precision: of the forward passes.
        make_path: how the work reaches the device; results are the same to the bit.
    """

    def __init__(
        self,
        experiment: Experiment,
        dataset: ImageDataset,
        device: torch.device,
        *,
        precision: Precision = EXACT,
        make_path: PathMaker = choose_path,
    ) -> None:
        self.experiment = experiment
        self.settings = experiment.training
        self.device = device
        self.precision = precision
        self.noise = generator_for(self.settings.seed, "dropout", device)
        self.network = self._build(dataset)
        self.average = (
            WeightAverage(self.network, self._build(dataset), self.settings.ema) if self.settings.ema else None
        )
        self.scored = self.average.network if self.average else self.network
        self.optimizer = build_optimizer(self.settings, self.network)
        self.shuffle = generator_for(self.settings.seed, "shuffle", device)
        self.selection = Selection(self.scored)

        self.train = Batches(dataset.train, self.network.normalize, self.settings.batch_size, device)
        self._held_out = Batches(dataset.validation, self.network.normalize, self.settings.batch_size, device)
        self._position = Position(device)
        self._rates = RateTable(self.settings, self.settings.epochs * self.train.steps, device)
        self.augmentation = Augmentation(self.settings, self.train, dataset.image_shape[:2])
        has_noise = any(isinstance(module, Dropout) for module in self.network.modules())
        self._step = TrainingStep(
            self.network,
            self.train,
            self.optimizer,
            self._rates,
            self._position,
            precision,
            classes=len(dataset.classes),
            augmentation=self.augmentation,
            label_smoothing=self.settings.label_smoothing,
            average=self.average,
            noise=self.noise if has_noise else None,
        )
        self._validation = Validation(self.scored, self._held_out, precision, self._step.side)
        self._table = EpochTable(self._step.scores, self._validation.scores if self._held_out.size else None)

        self.epoch = 0  # epochs done
        self.step = 0  # steps done in the epoch after that
        self.seconds = 0.0  # of training and validation, over all sittings
        self.epoch_seconds = 0.0  # of these, in the epoch under way
        self.finish_epoch = False  # a wish: leave when the epoch under way is done
        self._make_path = make_path
        self._path: Path | None = None
        self._full, self._last, self._finish = self._step.full, self._step.last, self._finish_epoch

    def _build(self, dataset: ImageDataset) -> ImageNetwork:
        """The network with its first weights, which depend on the seed alone."""
        flips, shape, classes = self.settings.test_flips, dataset.image_shape, len(dataset.classes)
        architecture = build_architecture(self.experiment.model, shape, classes, test_flips=flips)
        weights = generator_for(self.settings.seed, "weights", torch.device("cpu"))
        network = build_network(architecture, dataset.mean.tolist(), dataset.std.tolist(), weights, self.noise)
        return network.to(self.device)

    @property
    def steps_per_epoch(self) -> int:
        return self.train.steps

    @property
    def is_done(self) -> bool:
        return self.epoch == self.settings.epochs

    @property
    def order(self) -> Tensor:
        """int64 `[N]`, the order of the images in the epoch under way."""
        return self._step.order

    @property
    def scores(self) -> BatchScores:
        """Loss and correct images of the batches of the epoch under way."""
        return self._step.scores

    @property
    def path(self) -> str:
        """How steps reach the device, `eager` or `cuda graph`; decided by `prepare`."""
        return (self._path or Eager()).name

    def tensors(self) -> dict[str, Tensor]:
        """All that training changes and a checkpoint keeps, by name; always the same tensors, changed in place."""
        groups: dict[str, dict[str, Tensor]] = {
            "network": dict(self.network.state_dict()),
            "optimizer": self.optimizer.tensors(),
            "best": self.selection.state_dict(),
            "selection": {name: getattr(self.selection, name) for name in ("epoch", "correct", "loss")},
            "position": {"order": self.order, "losses": self.scores.losses, "correct": self.scores.correct},
        }
        if self.average:
            groups["average"] = dict(self.average.network.state_dict())
        if self.augmentation.is_on:
            groups["position"]["draws"] = self.augmentation.draws
        return {f"{group}.{name}": tensor for group, members in groups.items() for name, tensor in members.items()}

    def generators(self) -> dict[str, torch.Generator]:
        """What training draws from, by name."""
        sources = {"shuffle": self.shuffle}
        if self.augmentation.is_on:
            sources["augmentation"] = self.augmentation.generator
        if self._step.generators:
            sources["dropout"] = self.noise
        return sources

    def prepare(self) -> str | None:
        """Capture the work, where it is to be captured; why it could not be and is done eagerly, or None.

        Done by `events` if nobody did it before. To be called where training will be: same thread, same switches.
        """
        self._position.place(step=0, rate=self._rates.cover(0, 1), epoch=0)
        scratch = [self._position.counters, *self._table.tensors, self.optimizer.lr]
        kept = KeptState([*self.tensors().values(), *scratch], self.generators().values())
        path, failure = self._make_path(self.device, kept, self._step.generators), None
        try:
            prepared = [path.prepare(work) for work in (self._step.full, self._step.last, self._finish_epoch)]
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            kept.put_back()
            path, failure = Eager(), f"steps are not captured as a CUDA graph: {str(error).splitlines()[0]}"
        else:
            self._full, self._last, self._finish = prepared
        self._path = path
        return failure

    def events(self) -> Iterator[EpochEnded | StepProgress]:
        """Train to the end. At every `StepProgress` the state is whole and may be saved.

        Raises:
            DivergedError: when a loss is not finite; the epochs before it were told.
        """
        if self._path is None:
            self.prepare()
        pacer = Pacer()
        images_before, seconds_before = self._images_done(), self.seconds
        while not self.is_done:
            began = time.monotonic()
            steps = min(pacer.steps, RateTable.STEPS)
            if self.finish_epoch:
                steps = min(steps, self.steps_per_epoch - self.step)
            ended, done = self._run_steps(steps)
            scores, running = self._table.fetch(len(ended), self.step or self.steps_per_epoch)
            seconds = time.monotonic() - began
            pacer.took(done, seconds)
            times = self._share_out(seconds, done, ended)
            fetched = read_scores(ended, times, scores, (self.epoch + 1, running), self._rate_of)
            yield from fetched.ended
            if fetched.failure:
                raise fetched.failure
            speed = (self._images_done() - images_before) / max(self.seconds - seconds_before, 1e-9)
            step = self.step or self.steps_per_epoch
            epoch = self.epoch + 1 if self.step else self.epoch
            yield StepProgress(epoch, step, fetched.loss, fetched.accuracy, self.seconds, speed)
            if self.finish_epoch and not self.step:
                return

    def _images_done(self) -> int:
        return self.epoch * self.train.size + self.step * self.train.batch_size

    def _rate_of(self, epoch: int, step: int) -> float:
        return self._rates.rate((epoch - 1) * self.steps_per_epoch + step - 1)

    def _run_steps(self, count: int) -> tuple[list[EndedEpoch], int]:
        """At most `count` steps, ends of epochs included; the epochs that ended, and the steps that were done."""
        done = self.epoch * self.steps_per_epoch + self.step
        self._position.place(self.step, self._rates.cover(done, count), self.epoch)
        ended: list[EndedEpoch] = []
        since = 0
        for number in range(1, count + 1):
            if self.step == 0:
                torch.randperm(self.train.size, generator=self.shuffle, out=self.order)
                self.augmentation.draw(self.epoch, self.order)
            self.step += 1
            if self.step < self.steps_per_epoch:
                self._full()
                continue
            self._last()
            self._finish()
            self.epoch, self.step = self.epoch + 1, 0
            ended.append(EndedEpoch(self.epoch, number - since, self._rate_of(self.epoch, self.steps_per_epoch)))
            since = number
            if self.is_done or len(ended) == self._table.rows:
                return ended, number
        return ended, count

    @torch.no_grad()
    def _finish_epoch(self) -> None:
        """After the last step: validate, keep the weights if they are the best, leave a row for the host."""
        with self._step.side.work():
            self._table.record(self._position.row, self._step.scores)
        epoch = self._position.epoch[0] + 1
        if self._held_out.size:
            self.selection.offer(epoch, *self._validation.run())
            self._table.record(self._position.row, self._validation.scores)
        else:
            self.selection.offer(epoch, None, None)
        self._step.side.join()
        self._position.end_epoch()

    def _share_out(self, seconds: float, steps: int, ended: list[EndedEpoch]) -> list[float]:
        """The seconds of each epoch that ended. Inside a chunk nobody looks at a clock: its steps share its time."""
        self.seconds += seconds
        times = []
        for row in ended:
            times.append(self.epoch_seconds + seconds * row.steps / steps)
            self.epoch_seconds = 0.0
        self.epoch_seconds += seconds * (steps - sum(row.steps for row in ended)) / steps
        return times
