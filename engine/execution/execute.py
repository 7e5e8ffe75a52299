"""The life of one run whose lock is held: starting, training, evaluating, finished; or stopped, or failed."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from engine.architecture import build_architecture
from engine.data import load_dataset
from engine.errors import LabError, StorageFullError
from engine.events import Ended, EpochEnded, Event, Started, StepProgress
from engine.execution.build import Builder, LeftError
from engine.execution.control import Control, Leave
from engine.execution.evaluate import evaluate
from engine.execution.memory import OutOfMemoryError, breaks_gpu, estimate_demand, memory_explained, memory_words
from engine.execution.phases import DATA, Phases
from engine.execution.recorder import Recorder
from engine.execution.room import Room
from engine.execution.siblings import GpuBrokenError, Siblings
from engine.execution.summary import describe_environment, summarize
from engine.experiment import Experiment
from engine.store import RunOwner
from engine.store.clock import utc_now
from engine.training.capture import Eager
from engine.training.checkpoint import Checkpoint, load_checkpoint, made_on
from engine.training.device import choose_device, choose_threads, switched, use_threads
from engine.training.precision import EXACT, choose_precision
from engine.training.streams import own_stream
from engine.training.trainer import DivergedError, Trainer

_MOST_NOTICES = 20


def execute(
    owner: RunOwner,
    *,
    device: str | None = None,
    lanes: int = 1,
    control: Control | None = None,
    phases: Phases | None = None,
    siblings: Siblings | None = None,
) -> Iterator[Event]:
    """Train, evaluate and record one run; a run that has a checkpoint goes on from it.

    Args:
        owner: holds the run's lock.
        device: `auto`, `cpu`, `cuda:0`; None: as the run's request says.
        lanes: runs that share the device, for the choice of threads.
        control: wishes of others, looked at when a chunk of steps ends.
        phases: what was told of the start so far.
        siblings: runs that other threads of this process train. With some, the run has a stream of its own on a GPU,
            and whoever executes it lets go of its memory (`memory.give_back`).

    Yields:
        What happens. A failure that a user can cause is an `Ended("failed")`, and recorded; any other is
        recorded, and raised.

    Raises:
        GpuBrokenError: if there are siblings, and the GPU works no more for this process. Only the run whose failure
            was the first is recorded as failed.
    """
    control, siblings = control or Control(), siblings or Siblings()
    room = Room(owner, control)
    try:
        room.update(state="starting", failure=None, summary=None)
        yield from _execute(owner, device, lanes, control, room, phases or Phases(owner), siblings)
    except LeftError:
        is_stopped = control.leave is not Leave.ABANDON
        room.update(**({"state": "stopped"} if is_stopped else {}))
        owner.clear_progress()
        if is_stopped:
            yield Ended("stopped")
    except StorageFullError:
        raise  # nothing can be recorded; the last checkpoint stays, and the run is interrupted
    except DivergedError as error:
        where = {"epoch": error.epoch, "step": error.step, "lr": error.lr, "last_good_epoch": error.last_good_epoch}
        yield _fail(owner, room, "diverged", error.message, **where)
    except OutOfMemoryError as error:
        fewer = ", or fewer lanes" if siblings.beside(owner.run.id) else ""
        yield _fail(owner, room, "out of memory", f"{error.message}{fewer}")
    except LabError as error:
        yield _fail(owner, room, "error", error.message, exit=int(error.exit_code))
    except Exception as error:
        is_broken = siblings.are_many and breaks_gpu(error)
        if is_broken and not siblings.is_first_to_break(owner.run.id):
            raise GpuBrokenError(is_cause=False) from error
        owner.log(traceback.format_exc())
        _fail(owner, room, "error", f"{type(error).__name__}: {error}")
        if is_broken:
            raise GpuBrokenError(is_cause=True) from error
        raise


def _fail(owner: RunOwner, room: Room, kind: str, reason: str, **where: Any) -> Ended:
    failure = {"kind": kind, "reason": reason, **where}
    owner.log(f"failed: {reason}\n")
    room.update(state="failed", failure=failure)
    owner.clear_progress()
    return Ended("failed", failure=failure)


def _execute(
    owner: RunOwner,
    wish: str | None,
    lanes: int,
    control: Control,
    room: Room,
    phases: Phases,
    siblings: Siblings,
) -> Iterator[Event]:
    run = owner.run
    request = run.document.get("request") or {}
    data_dir = Path(request["data_dir"]) if request.get("data_dir") else None
    experiment = Experiment.build(run.experiment)
    device = choose_device(wish or request.get("device") or "auto")
    phases.begin(DATA)
    with memory_explained(None):
        dataset = load_dataset(experiment.dataset, data_dir)
    architecture = build_architecture(experiment.model, dataset.image_shape, len(dataset.classes))
    checkpoint = load_checkpoint(run.path)
    threads_before = run.environment.get("threads") if checkpoint else None
    wished = experiment.training.threads or threads_before or 0
    threads = choose_threads(device, wished, architecture.multiply_adds, lanes)
    precision = choose_precision(experiment.training.precision, device, architecture.multiply_adds)
    demand = estimate_demand(architecture, dataset, experiment, device, precision)
    builder = Builder(owner, room, control, phases, siblings, demand)
    stream = own_stream(device) if siblings.are_many else nullcontext()
    with memory_explained(demand), use_threads(threads), stream:
        built = builder.build(experiment, dataset, device, precision, checkpoint)
        trainer, memory = built.trainer, built.memory
        if memory:
            owner.log(f"{memory_words(device, memory)}\n")
        notices = _note_move(owner, room, trainer, checkpoint) if checkpoint else []
        if precision.exact and experiment.training.precision != "exact":
            notices.append(f"precision fast changes nothing on this {device.type}: it trains in {precision.name}")
        if built.why_eager:
            notices.append(built.why_eager)
        room.write(lambda: owner.cut_history(trainer.epoch))
        environment = describe_environment(trainer, threads, lanes)
        splits = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
        images = {name: len(split.labels) for name, split in splits.items()}
        environment = {**run.environment, **environment, "gpu_memory": memory}
        notices = [*dataset.notices, *notices]
        room.update(state="training", images=images, environment=environment, notices=_first(notices))
        for notice in notices:
            owner.log(f"{notice}\n")
        recorder = Recorder(owner, trainer, room)
        if not checkpoint:
            recorder.save()  # what a run that fails in its first epoch keeps
        epochs, steps = experiment.training.epochs, trainer.steps_per_epoch
        yield Started(run.id, str(device), threads, epochs, steps, trainer.epoch, trainer.step)
        yield from _train(owner, trainer, recorder, control, room)
        if control.leave is Leave.ABANDON:
            owner.clear_progress()
            return
        scored = yield from evaluate(owner, trainer, dataset, device, room)
        summary = summarize(trainer, dataset, architecture, scored, owner.run.history())
        state = "finished" if trainer.is_done else "stopped"
        room.update(state=state, summary=summary)
        owner.clear_progress()
        yield Ended(state, summary)


def _first(notices: list[str]) -> list[str]:
    """What run.json holds of the notices; worker.log has them all."""
    more = len(notices) - _MOST_NOTICES
    return [*notices[:_MOST_NOTICES], *([f"and {more} more; see worker.log"] if more > 0 else [])]


def _note_move(owner: RunOwner, room: Room, trainer: Trainer, checkpoint: Checkpoint) -> list[str]:
    """Say where the checkpoint was made from which a training goes on, if that is not here."""
    before = {"precision": EXACT.name, "arithmetic": 1, **checkpoint.scalars["made_on"]}
    now = made_on(trainer.device, trainer.precision)
    changed = [f"{key} {before.get(key)} -> {now[key]}" for key in now if before.get(key) != now[key]]
    if not changed:
        return []
    resumed = {"epoch": trainer.epoch, "at": utc_now(), "changed": changed}
    room.update(resumed_on=[*(owner.run.document.get("resumed_on") or []), resumed])
    return [f"goes on elsewhere ({', '.join(changed)}): not equal to the bit to a run that was never interrupted"]


def _train(owner: RunOwner, trainer: Trainer, recorder: Recorder, control: Control, room: Room) -> Iterator[Event]:
    try:
        for event in _by_turns(trainer):
            if isinstance(event, EpochEnded):
                recorder.epoch_ended(event.record)
                yield event
                continue
            recorder.chunk_ended(event)
            yield event
            control.take_requests(owner)
            if control.is_paused:
                _pause(owner, recorder, control, room)
            if control.leave in (Leave.NOW, Leave.ABANDON):
                break
            trainer.finish_epoch = control.leave is Leave.AFTER_EPOCH
    except DivergedError:
        recorder.append()
        raise
    recorder.save()


def _by_turns(trainer: Trainer) -> Iterator[EpochEnded | StepProgress]:
    """What happens in a training. Steps that are not captured look at torch's switches: they are made in turns."""
    events, is_eager = trainer.events(), trainer.path == Eager.name
    while True:
        with switched(trainer.device, trainer.precision) if is_eager else nullcontext():
            event = next(events, None)
        if event is None:
            return
        yield event


def _pause(owner: RunOwner, recorder: Recorder, control: Control, room: Room) -> None:
    recorder.save()
    room.update(state="paused")
    while control.is_paused:
        control.wait(0.1)
        control.take_requests(owner)
        recorder.beat()
    room.update(state="training")
