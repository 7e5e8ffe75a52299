"""The loop: one network, one data set, one device, epochs of steps, nothing but events out.

It knows no screen, no file and no other run. Between two chunks of steps nothing waits for the device;
what it measured is fetched once at the end of a chunk.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.architecture import build_architecture
from engine.data import ImageDataset
from engine.errors import TrainingError
from engine.events import EpochEnded, StepProgress
from engine.experiment import Experiment
from engine.network import build_network
from engine.training.batches import Batches
from engine.training.optimizer import build_optimizer
from engine.training.pacer import Pacer
from engine.training.schedule import learning_rate
from engine.training.scores import COLUMNS, BatchScores, as_record
from engine.training.seeds import generator_for
from engine.training.selection import Selection


class DivergedError(TrainingError):
    """The loss is not finite any more."""

    def __init__(self, epoch: int, step: int, lr: float, last_good_epoch: int) -> None:
        self.epoch, self.step, self.lr, self.last_good_epoch = epoch, step, lr, last_good_epoch
        super().__init__(
            f"the loss is not finite: epoch {epoch}, step {step}, lr {lr:g}; "
            f"last good epoch {last_good_epoch}; try a lower lr (training.lr)"
        )


@dataclass
class _EndedEpoch:
    """What one epoch left on the device, until the chunk ends."""

    epoch: int
    seconds: float
    lr: float
    columns: Tensor  # float64: train [6], first step that is not finite [1], validation [6] if there is one


@dataclass
class _Fetched:
    """What one wait for the device brought."""

    ended: list[EpochEnded]
    loss: float | None
    accuracy: float | None
    failure: DivergedError | None


class Trainer:
    """One training under way. Its attributes are its whole state: `engine.training.checkpoint` saves them.

    Args:
        experiment: with resolved classes.
        dataset: its data.
        device: where to train.
    """

    def __init__(self, experiment: Experiment, dataset: ImageDataset, device: torch.device) -> None:
        self.experiment = experiment
        self.settings = experiment.training
        self.device = device
        architecture = build_architecture(experiment.model, dataset.image_shape, len(dataset.classes))
        weights = generator_for(self.settings.seed, "weights", torch.device("cpu"))
        self.network = build_network(architecture, dataset.mean.tolist(), dataset.std.tolist(), weights).to(device)
        self.optimizer = build_optimizer(self.settings, self.network)
        self.shuffle = generator_for(self.settings.seed, "shuffle", device)
        self.selection = Selection(self.network)

        self.train = Batches(dataset.train, self.network.normalize, self.settings.batch_size, device)
        self.validation = Batches(dataset.validation, self.network.normalize, self.settings.batch_size, device)
        self.scores = BatchScores(self.train.sizes)
        self._validation_scores = BatchScores(self.validation.sizes)
        self.order = torch.zeros(self.train.size, dtype=torch.int64, device=device)

        self.epoch = 0  # epochs done
        self.step = 0  # steps done in the epoch after that
        self.seconds = 0.0  # of training and validation, over all sittings
        self.epoch_seconds = 0.0  # of these, in the epoch under way
        self.finish_epoch = False  # a wish: leave when the epoch under way is done
        self._ended: list[_EndedEpoch] = []

    @property
    def steps_per_epoch(self) -> int:
        return self.train.steps

    @property
    def is_done(self) -> bool:
        return self.epoch == self.settings.epochs

    def events(self) -> Iterator[EpochEnded | StepProgress]:
        """Train to the end. At every `StepProgress` the state is whole and may be saved.

        Raises:
            DivergedError: when a loss is not finite; the epochs before it were told.
        """
        pacer = Pacer()
        images_before, seconds_before = self._images_done(), self.seconds
        while not self.is_done:
            began = time.monotonic()
            steps = pacer.steps
            if self.finish_epoch:
                steps = min(steps, self.steps_per_epoch - self.step)
            counted = self._run_steps(steps, began)
            fetched = self._fetch()
            now = self._count_seconds(counted)
            pacer.took(steps, now - began)
            yield from fetched.ended
            if fetched.failure:
                raise fetched.failure
            speed = (self._images_done() - images_before) / max(self.seconds - seconds_before, 1e-9)
            running = self.epoch + 1 if self.step else self.epoch
            step = self.step or self.steps_per_epoch
            yield StepProgress(running, step, fetched.loss, fetched.accuracy, self.seconds, speed)
            if self.finish_epoch and not self.step:
                return

    def _images_done(self) -> int:
        return self.epoch * self.train.size + self.step * self.settings.batch_size

    def _run_steps(self, count: int, began: float) -> float:
        """Up to `count` steps, epochs' ends included; returns the time up to which seconds are counted."""
        total = self.settings.epochs * self.steps_per_epoch
        group = self.optimizer.param_groups[0]
        for _ in range(count):
            if self.step == 0:
                torch.randperm(self.train.size, generator=self.shuffle, out=self.order)
            done = self.epoch * self.steps_per_epoch + self.step
            group["lr"] = learning_rate(self.settings.schedule, self.settings.lr, done, total)
            self._train_step()
            self.step += 1
            if self.step == self.steps_per_epoch:
                began = self._end_epoch(group["lr"], began)
                if self.is_done:
                    break
        return self._count_seconds(began)

    def _train_step(self) -> None:
        rows = self.order[self.step * self.settings.batch_size : (self.step + 1) * self.settings.batch_size]
        images, labels = self.train.gather(rows)
        logits = self.network.layers(images)
        loss = F.cross_entropy(logits, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.scores.record(self.step, loss.detach(), logits.detach(), labels)

    def _end_epoch(self, lr: float, began: float) -> float:
        columns = [self.scores.summary(), self.scores.first_not_finite(self.steps_per_epoch)[None]]
        self.epoch += 1
        self.step = 0
        if self.validation.size:
            columns.append(self._validate())
        else:
            self.selection.offer(self.epoch, None, None)
        now = self._count_seconds(began)
        self._ended.append(_EndedEpoch(self.epoch, self.epoch_seconds, lr, torch.cat(columns)))
        self.epoch_seconds = 0.0
        return now

    @torch.no_grad()
    def _validate(self) -> Tensor:
        self.network.eval()
        for step in range(self.validation.steps):
            images, labels = self.validation.part(step)
            logits = self.network.layers(images)
            self._validation_scores.record(step, F.cross_entropy(logits, labels), logits, labels)
        self.network.train()
        summary = self._validation_scores.summary()
        self.selection.offer(self.epoch, self._validation_scores.correct.sum(), summary[0])
        return summary

    def _count_seconds(self, began: float) -> float:
        now = time.monotonic()
        self.epoch_seconds += now - began
        self.seconds += now - began
        return now

    def _fetch(self) -> _Fetched:
        """The only wait for the device: the epochs that ended in this chunk, and loss and accuracy so far."""
        steps = self.step or self.steps_per_epoch
        running = torch.cat([self.scores.so_far(steps), self.scores.first_not_finite(self.step)[None]])
        rows, self._ended = self._ended, []
        numbers = torch.cat([row.columns for row in rows] + [running]).tolist()
        ended: list[EpochEnded] = []
        width = COLUMNS + 1 + (COLUMNS if self.validation.size else 0)
        for position, row in enumerate(rows):
            columns = numbers[position * width : (position + 1) * width]
            train, wrong_step, validation = columns[:COLUMNS], int(columns[COLUMNS]), columns[COLUMNS + 1 :]
            if not wrong_step and validation and not math.isfinite(validation[0]):
                wrong_step = self.steps_per_epoch  # it was the last step that spoilt the weights
            if wrong_step:
                return _Fetched(ended, None, None, self._diverged(row.epoch, wrong_step))
            ended.append(EpochEnded(_record(row, train, validation)))
        loss, accuracy, wrong = numbers[-3:]
        failure = self._diverged(self.epoch + 1, int(wrong)) if wrong else None
        return _Fetched(ended, loss, accuracy, failure)

    def _diverged(self, epoch: int, step: int) -> DivergedError:
        total = self.settings.epochs * self.steps_per_epoch
        done = (epoch - 1) * self.steps_per_epoch + step - 1
        lr = learning_rate(self.settings.schedule, self.settings.lr, done, total)
        return DivergedError(epoch, step, lr, epoch - 1)


def _record(row: _EndedEpoch, train: list[float], validation: list[float]) -> dict[str, Any]:
    return {
        "event": "epoch",
        "epoch": row.epoch,
        "seconds": round(row.seconds, 6),
        "lr": row.lr,
        "train": as_record(train),
        "validation": as_record(validation) if validation else None,
    }
