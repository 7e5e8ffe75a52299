"""The folder of all runs: list, find, make, trash. It is the database; there is no other."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.documents import encode_document
from engine.errors import RefusedError, RequestError, suggestion
from engine.store import layout
from engine.store.chance import random_hex
from engine.store.clock import utc_now
from engine.store.files import FOLDER_MODE, explained, replace_file, sync_folder
from engine.store.ids import is_run_id, new_run_id
from engine.store.lock import take_lock
from engine.store.owner import touch
from engine.store.requests import what_is_wrong_with
from engine.store.run import Run
from engine.store.sharing import SharedParts
from engine.text import clean

_NEW = ".new-"
_TRIES = 100


class RunStore:
    """Runs in the folder `root`, which need not exist yet.

    Args:
        listing: the command that lists them, for messages.
        slim: keep what is read small, as `SharedParts` does.
    """

    def __init__(self, root: str | os.PathLike[str], *, listing: str = "cnnlab runs", slim: bool = True) -> None:
        self.root = Path(root)
        self._listing = listing
        self._shared = SharedParts(slim=slim)

    def runs(self) -> list[Run]:
        """Every run, newest first. A damaged one is among them, and says so.

        Raises:
            RequestError: if `root` is no folder.
            RefusedError: if it may not be read.
        """
        return list(self.iter_runs())

    def iter_runs(self) -> Iterator[Run]:
        """As `runs`, one after the other: the newest hundred are there long before the last one.

        Raises:
            RequestError, RefusedError: as `runs`, at the first one.
        """
        root = os.fspath(self.root)
        for name in self.names():
            yield Run(f"{root}/{name}", self._shared)

    def refresh(self, old: Sequence[Run]) -> list[Run]:
        """As `runs`, from what it returned before: only runs whose `run.json` was replaced, or that say that they
        live, are read again; the others are the same objects.

        Raises:
            RequestError, RefusedError: as `runs`.
        """
        known = {run.id: run for run in old}
        root = os.fspath(self.root)
        return [
            known[name].refresh(self._shared) if name in known else Run(f"{root}/{name}", self._shared)
            for name in self.names()
        ]

    def names(self) -> list[str]:
        """The ids of all runs, newest first.

        Raises:
            RequestError, RefusedError: as `runs`.
        """
        try:
            with os.scandir(self.root) as entries:
                names = [
                    entry.name for entry in entries if is_run_id(entry.name) and (entry.is_symlink() or entry.is_dir())
                ]
        except FileNotFoundError:
            return []
        except NotADirectoryError as error:
            raise RequestError(f"{clean(self.root)} is not a folder; give one with --runs", field="runs") from error
        except PermissionError as error:
            raise RefusedError(f"{clean(self.root)}: no permission to read it", field="runs") from error
        return sorted(names, reverse=True)

    def get(self, run_id: str) -> Run:
        """The run with this id.

        Raises:
            RequestError: if that is no run id, or there is no such run.
        """
        if not is_run_id(run_id):
            raise RequestError(f"{clean(run_id)!r} is not a run id", field="run")
        if not os.path.lexists(self.root / run_id):
            raise RequestError(f"there is no run {run_id} in {clean(self.root)}; see `{self._listing}`", field="run")
        return Run(self.root / run_id)

    def resolve(self, reference: str, runs: Sequence[Run] | None = None) -> Run:
        """The run that an id, a name, a unique beginning of an id, or `@last` means.

        Args:
            runs: what `runs` returned, for whoever resolves many references.

        Raises:
            RequestError: if there is none, or more than one.
        """
        if is_run_id(reference):
            return self.get(reference)
        runs = self.runs() if runs is None else runs
        if reference == "@last":
            if not runs:
                raise RequestError(f"there are no runs in {clean(self.root)}; see `{self._listing}`", field="run")
            return runs[0]
        named = [run for run in runs if run.name == reference]
        found = named or [run for run in runs if reference and run.id.startswith(reference)]
        if len(found) == 1:
            return found[0]
        if found:
            raise RequestError(_ambiguous(reference, found), field="run")
        if reference in ("", ".", "..") or "/" in reference or "\0" in reference:
            raise RequestError(f"{clean(reference)!r} is not a run id", field="run")
        near = suggestion(reference, [word for run in runs for word in (run.name, run.id)])
        hint = clean(near) or f"; see `{self._listing}`"
        raise RequestError(f"there is no run {clean(reference)!r} in {clean(self.root)}{hint}", field="run")

    def check_writable(self) -> None:
        """See whether runs can be made here, before any work is done for them.

        Raises:
            RequestError: if `root` is, or lies below, a file.
            RefusedError: if it is read-only.
        """
        place = self.root.absolute()
        while not os.path.lexists(place):
            place = place.parent
        if not place.is_dir():
            raise RequestError(f"{clean(place)} is not a folder; give one with --runs", field="runs")
        if not os.access(place, os.W_OK | os.X_OK):
            raise RefusedError(f"{clean(place)} is read-only; give another folder with --runs", field="runs")

    def create(
        self,
        experiment: Mapping[str, Any],
        *,
        fingerprint: str,
        name: str,
        tags: Sequence[str] = (),
        note: str = "",
        study: Mapping[str, Any] | None = None,
        request: Mapping[str, Any] | None = None,
    ) -> Run:
        """A new run in state `queued`; its folder appears whole or not at all.

        Args:
            experiment: every setting, by section.

        Raises:
            RequestError: if the name or a tag cannot be.
            StorageFullError, RefusedError: if it cannot be written.
        """
        wrong = what_is_wrong_with({"name": name, "tags": list(tags), "note": note})
        if wrong:
            raise RequestError(wrong, field=wrong.partition(":")[0])
        self.check_writable()
        document = {
            "format": layout.FORMAT,
            "id": "",
            "name": name,
            "created": utc_now(),
            "state": layout.QUEUED,
            "study": dict(study) if study else None,
            "tags": list(dict.fromkeys(tags)),
            "note": note,
            "fingerprint": fingerprint,
            "request": dict(request or {}),
            "experiment": dict(experiment),
            "environment": {},
            "summary": None,
            "failure": None,
        }
        with explained(self.root):
            self.root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            temporary = self.root / f"{_NEW}{random_hex(6)}"
            temporary.mkdir(mode=FOLDER_MODE)
            try:
                path = self._name_new(temporary, document)
            except BaseException:
                shutil.rmtree(temporary, ignore_errors=True)
                raise
            sync_folder(self.root)
        self.touch()
        return Run(path)

    def _name_new(self, temporary: Path, document: dict[str, Any]) -> Path:
        for _ in range(_TRIES):
            run_id = new_run_id(max(self.names(), default=None))  # after those of other processes, too
            path = self.root / run_id
            replace_file(temporary / layout.RUN, encode_document({**document, "id": run_id}, indent=1))
            try:
                temporary.rename(path)
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                    raise
                continue  # another process was faster
            return path
        raise RefusedError(f"{clean(self.root)}: no free run id was found in {_TRIES} tries; try again")

    def trash(self, run: Run) -> None:
        """Move a run to the trash.

        Raises:
            RefusedError: if somebody executes it.
        """
        if run.is_alive:
            raise RefusedError(f"{run.id} is {run.state}; stop it first: cnnlab stop {run.id}", field="run")
        lock = None
        if not run.path.is_symlink():
            lock = take_lock(run.path / layout.LOCK, wait_seconds=1.0)  # nobody may begin it now
        try:
            trash = self._trash.root
            with explained(trash):
                trash.mkdir(mode=FOLDER_MODE, exist_ok=True)
                run.path.rename(trash / run.id)
                sync_folder(trash)
                sync_folder(self.root)
        finally:
            if lock:
                lock.release()
        self.touch()

    def trashed(self) -> list[Run]:
        """The runs in the trash, newest first."""
        return self._trash.runs()

    def restore(self, reference: str) -> Run:
        """Bring a run back from the trash.

        Raises:
            RequestError: if there is no such run in it.
            RefusedError: if its place is taken.
        """
        run = self._trash.resolve(reference)
        back = self.root / run.id
        if os.path.lexists(back):
            raise RefusedError(f"{run.id} is there already, in {clean(self.root)}", field="run")
        with explained(back):
            run.path.rename(back)
            sync_folder(self.root)
        self.touch()
        return Run(back)

    def empty_trash(self) -> int:
        """Delete what is in the trash, for ever; the number of runs."""
        runs = self.trashed()
        for run in runs:
            with explained(run.path):
                remove: Callable[[Path], object] = os.unlink if run.path.is_symlink() else shutil.rmtree
                remove(run.path)
        return len(runs)

    def touch(self) -> None:
        """Tell readers that something changed."""
        touch(self.root / layout.CHANGED)

    @property
    def _trash(self) -> RunStore:
        return RunStore(self.root / layout.TRASH, listing="cnnlab restore")


def _ambiguous(reference: str, runs: Sequence[Run]) -> str:
    shown = ", ".join(f"{run.id} {clean(run.name)}" for run in runs[:5])
    more = f" and {len(runs) - 5} more" if len(runs) > 5 else ""
    return f"{clean(reference)!r} can be {len(runs)} runs: {shown}{more}; give the id"
