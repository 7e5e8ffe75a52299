"""When what is written: history lines, checkpoints, progress, and what a full disk does to them."""

from __future__ import annotations

import time
from typing import Any

from engine.errors import StorageFullError
from engine.events import StepProgress
from engine.execution.room import Room
from engine.store import RunOwner
from engine.telemetry import Telemetry
from engine.training.checkpoint import Checkpoint, save_checkpoint, snapshot
from engine.training.device import gpu_uuid
from engine.training.trainer import Trainer

APPEND_SECONDS = 0.5  # the pace of live curves
CHECKPOINT_SECONDS = 2.0  # what a power cut may cost
PROGRESS_SECONDS = 0.25
BEAT_SECONDS = 5.0  # while it is paused


class Recorder:
    """Writes a training into its run folder, at the pace that section 4 of the format promises."""

    def __init__(self, owner: RunOwner, trainer: Trainer, room: Room) -> None:
        self._owner, self._trainer, self._room = owner, trainer, room
        self._waiting: list[dict[str, Any]] = []  # epochs that are not in the history yet
        self._appended = self._saved = self._told = float("-inf")
        self._saved_epoch = trainer.epoch
        self._heartbeat = 0
        self._document: dict[str, Any] = {}  # what progress.json says, besides the heartbeat
        self._telemetry = Telemetry(gpu_uuid(trainer.device))

    def epoch_ended(self, record: dict[str, Any]) -> None:
        self._waiting.append(record)
        self._room.records = len(self._waiting)

    def chunk_ended(self, progress: StepProgress) -> None:
        """Write what is due. The trainer's state is whole here."""
        now = time.monotonic()
        if self._waiting and now - self._appended >= APPEND_SECONDS:
            self._append()
        if self._trainer.epoch > self._saved_epoch and now - self._saved >= CHECKPOINT_SECONDS:
            self.save()
        if now - self._told >= PROGRESS_SECONDS:
            self._tell(progress)

    def save(self) -> Checkpoint:
        """Everything that is known, on disk: history lines first, then the checkpoint behind them."""
        self._append()
        checkpoint = snapshot(self._trainer)
        self._room.write(lambda: save_checkpoint(self._owner.run.path, checkpoint))
        self._saved, self._saved_epoch = time.monotonic(), self._trainer.epoch
        return checkpoint

    def append(self) -> None:
        """Write the epochs that wait, without a checkpoint: the state behind them is not worth keeping."""
        self._append()

    def beat(self) -> None:
        """A sign of life while nothing is trained."""
        if self._document and time.monotonic() - self._told >= BEAT_SECONDS:
            self._write_progress(self._document)

    def _append(self) -> None:
        if self._waiting:
            self._room.write(lambda: self._owner.append_history(self._waiting))
            self._waiting = []
            self._room.records = 0
            self._appended = time.monotonic()

    def _tell(self, progress: StepProgress) -> None:
        trainer = self._trainer
        done = (progress.epoch - 1) * trainer.steps_per_epoch + progress.step
        total = trainer.settings.epochs * trainer.steps_per_epoch
        left = (total - done) * progress.seconds / done if done else None
        self._document = {
            "epoch": progress.epoch,
            "epochs": trainer.settings.epochs,
            "step": progress.step,
            "steps_per_epoch": trainer.steps_per_epoch,
            "loss": progress.loss,
            "accuracy": progress.accuracy,
            "seconds": progress.seconds,
            "images_per_second": progress.images_per_second,
            "eta_seconds": left,
            "telemetry": self._telemetry.read(),
        }
        self._write_progress(self._document)

    def _write_progress(self, document: dict[str, Any]) -> None:
        self._heartbeat += 1
        self._told = time.monotonic()
        try:
            self._owner.write_progress({"heartbeat": self._heartbeat, **document})
        except StorageFullError:
            return  # the next record that matters meets the same disk, and waits for it
