"""A damaged `run.json` made anew from what else the run folder holds; the damaged one is kept beside it.

What was said in the file is taken where it can still be read. Settings that cannot come from the last checkpoint. A run
whose end is not known any more becomes an interrupted one: resumed, it goes on from its checkpoint, is evaluated again,
and has the numbers that it had.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.documents import encode_document
from engine.errors import DataError, LabError
from engine.store import Run, layout
from engine.store.arrays import DamagedFileError, decode_arrays
from engine.store.files import read_file, replace_file
from engine.store.lock import take_lock
from engine.store.owner import touch_changed
from engine.store.shape import what_is_wrong

if TYPE_CHECKING:
    from engine.experiment import Experiment

KEPT_AS = "run.json.damaged"
_MAX_BYTES = 64 << 30
_KEY = re.compile(r'^ "(\w+)": ', re.MULTILINE)  # a top-level key, as run.json is written


@dataclass(frozen=True)
class Repair:
    """What a new run.json would hold.

    Args:
        source: where the settings come from.
        epoch: of the checkpoint that the run can go on from; None: it needs none.
    """

    run: Run
    document: dict[str, Any]
    source: str
    epoch: int | None

    @property
    def outcome(self) -> str:
        """What becomes of the run, and what to do then."""
        if self.document["state"] != "training":
            return str(self.document["state"])
        where = "before its first checkpoint" if self.epoch is None else f"at epoch {self.epoch}"
        return f"interrupted {where}; then: cnnlab resume {self.run.id}"


def plan_repair(run: Run) -> Repair:
    """How a damaged run can be mended; nothing is written.

    Raises:
        DataError: if it cannot be, and why.
    """
    if run.path.is_symlink():
        raise DataError("links are not followed")
    found = _readable_keys(run)
    if type(found.get("format")) is int and found["format"] > layout.FORMAT:
        raise DataError("a newer cnnlab made it, and can mend it")
    scalars = _checkpoint_scalars(run)
    experiment, source = _whole_experiment(found.get("experiment")), layout.RUN
    if experiment is None:
        experiment, source = _whole_experiment(scalars.get("experiment")), layout.LAST
    if experiment is None:
        raise DataError(f"its settings are neither in {layout.RUN} nor in a checkpoint")
    document = _merge(run, experiment, found)
    if document["state"] in ("finished", "stopped") and document["summary"]:
        return Repair(run, document, source, None)
    if document["state"] not in (layout.QUEUED, "failed"):
        if "epoch" not in scalars and found.get("state") not in layout.ALIVE:
            raise DataError("how it ended cannot be read, and there is no checkpoint to find out from")
        threads = (scalars.get("made_on") or {}).get("threads")
        environment = document["environment"] or ({"threads": threads} if threads else {})
        document = {**document, "state": "training", "summary": None, "environment": environment}
    return Repair(run, document, source, scalars.get("epoch"))


def mend(repair: Repair) -> Run:
    """Write the new run.json; the damaged one becomes `run.json.damaged`.

    Raises:
        RefusedError: if somebody holds the run, or it is read-only.
    """
    run = repair.run
    lock = take_lock(run.path / layout.LOCK, wait_seconds=1.0)
    try:
        replace_file(run.path / layout.RUN, encode_document(repair.document, indent=1), keep_as=run.path / KEPT_AS)
    finally:
        lock.release()
    touch_changed(run)
    return run.reload()


def _readable_keys(run: Run) -> dict[str, Any]:
    """Every top-level key of run.json whose value is whole."""
    try:
        text = read_file(run.path / layout.RUN, max_bytes=layout.MAX_BYTES[layout.RUN]).decode("utf-8", "replace")
    except (FileNotFoundError, LabError):
        return {}
    found: dict[str, Any] = {}
    for match in _KEY.finditer(text):
        try:
            value, _ = json.JSONDecoder().raw_decode(text, match.end())
        except (ValueError, RecursionError):
            continue
        found.setdefault(match[1], value)
    return found


def _checkpoint_scalars(run: Run) -> dict[str, Any]:
    for name in (layout.LAST, layout.PREVIOUS):
        try:
            return decode_arrays(read_file(run.path / name, max_bytes=_MAX_BYTES))[1]
        except (FileNotFoundError, LabError, DamagedFileError):
            continue
    return {}


def _whole_experiment(settings: Any) -> Experiment | None:
    from engine.experiment import Experiment

    try:
        return Experiment.build(settings) if isinstance(settings, dict) else None
    except LabError:
        return None


def _merge(run: Run, experiment: Experiment, found: dict[str, Any]) -> dict[str, Any]:
    """Each key that was found and can be right, over what is true of any run."""
    day, moment = run.id[:8], run.id[9:15]
    document: dict[str, Any] = {
        "format": layout.FORMAT,
        "id": run.id,
        "name": run.id,
        "created": f"{day[:4]}-{day[4:6]}-{day[6:]}T{moment[:2]}:{moment[2:4]}:{moment[4:]}Z",
        "state": "training",
        "study": None,
        "tags": [],
        "note": "",
        "fingerprint": experiment.fingerprint,
        "request": {},
        "experiment": experiment.to_dict(),
        "environment": {},
        "summary": None,
        "failure": None,
    }
    for key, value in found.items():
        if key not in ("format", "id", "fingerprint", "experiment") and not what_is_wrong({**document, key: value}):
            document[key] = value
    return document
