"""A trainer made and its steps prepared, as soon as the GPU has memory for it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch

from engine.data import ImageDataset
from engine.execution.control import Control, Leave
from engine.execution.memory import Demand, NoRoomError, check_memory, memory_explained
from engine.execution.phases import MEMORY, NETWORK, STEP, Phases
from engine.execution.room import Room
from engine.execution.siblings import Siblings
from engine.experiment import Experiment
from engine.store import RunOwner
from engine.training.checkpoint import Checkpoint, restore
from engine.training.device import switched
from engine.training.precision import Precision
from engine.training.trainer import Trainer

_LOOK_SECONDS = 0.1
_BEAT_SECONDS = 5.0


class LeftError(Exception):
    """Somebody wants the run to end before it began to train."""


@dataclass(frozen=True)
class Built:
    """A trainer that is ready; what the GPU had free for it; and why its steps are not captured, if they should be."""

    trainer: Trainer
    memory: dict[str, Any] | None
    why_eager: str | None


class Builder:
    """Makes the trainer of a run, which waits where only its siblings keep it from fitting."""

    def __init__(
        self, owner: RunOwner, room: Room, control: Control, phases: Phases, siblings: Siblings, demand: Demand
    ) -> None:
        self._owner, self._room, self._control, self._phases = owner, room, control, phases
        self._siblings, self._demand = siblings, demand

    def build(
        self,
        experiment: Experiment,
        dataset: ImageDataset,
        device: torch.device,
        precision: Precision,
        checkpoint: Checkpoint | None,
    ) -> Built:
        """Memory is asked for and taken in one turn, so that no sibling is told of the same one.

        Raises:
            TrainingError: if the run does not fit, though no sibling holds memory.
            LeftError: if it was to end while it waited.
        """
        run_id, waited = self._owner.run.id, False
        while True:
            self._phases.begin(NETWORK)
            try:
                with memory_explained(self._demand), switched(device, precision):
                    beside = self._siblings.beside(run_id)
                    memory = check_memory(device, self._demand, is_shared=bool(beside))
                    self._siblings.hold(run_id, None)
                    trainer = Trainer(experiment, dataset, device, precision=precision)
                    if checkpoint:
                        restore(trainer, checkpoint)
                    self._siblings.hold(run_id, trainer)
                    self._phases.begin(STEP)
                    return Built(trainer, memory, trainer.prepare())
            except NoRoomError as error:
                if not beside:
                    raise
                if not waited:
                    waited = True
                    self._room.update(waiting=f"for memory, until a run beside it has ended: {error.shortage}")
            self._wait_for_one_of(beside)

    def _wait_for_one_of(self, beside: frozenset[str]) -> None:
        """Until one of these runs lets go of its memory."""
        self._phases.begin(MEMORY)
        told = time.monotonic()
        while beside <= self._siblings.beside(self._owner.run.id):
            self._control.take_requests(self._owner)
            if self._control.leave is not Leave.NO:
                raise LeftError
            if time.monotonic() - told >= _BEAT_SECONDS:
                told = time.monotonic()
                self._phases.tell()
            self._control.wait(_LOOK_SECONDS)
