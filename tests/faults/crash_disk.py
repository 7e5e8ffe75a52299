"""A disk that loses power: it remembers every operation, and says what would be left after each.

The harshest disk that POSIX allows: what was written but not fsynced is gone, and, on the strict one, so is every
name that was made, moved or removed since its folder was fsynced.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Left = dict[str, bytes | None]  # path below the root -> content; None: a folder
_ROOT = 0


class _Inodes:
    """Files and folders by number: as they are, and as they would be without power."""

    def __init__(self) -> None:
        self.data: dict[int, bytearray] = {}
        self.safe_data: dict[int, bytes] = {}
        self.folders: dict[int, dict[str, int]] = {_ROOT: {}}
        self.safe_folders: dict[int, dict[str, int]] = {_ROOT: {}}
        self.open: dict[int, tuple[int, int]] = {}  # descriptor -> inode, position
        self._next = 1

    def _place(self, path: str) -> tuple[dict[str, int], str]:
        *parents, name = path.split("/")
        number = _ROOT
        for parent in parents:
            number = self.folders[number][parent]
        return self.folders[number], name

    def _number(self, path: str) -> int:
        if path == "":
            return _ROOT
        folder, name = self._place(path)
        return folder[name]

    def apply(self, operation: str, *about: Any) -> None:
        getattr(self, f"_{operation}")(*about)

    def _open(self, descriptor: int, path: str) -> None:
        if path:
            folder, name = self._place(path)
            if name not in folder:
                folder[name], self._next = self._next, self._next + 1
                self.data[folder[name]] = bytearray()
        self.open[descriptor] = self._number(path), 0

    def _close(self, descriptor: int) -> None:
        self.open.pop(descriptor, None)

    def _write(self, descriptor: int, data: bytes, position: int | None) -> None:
        number, at = self.open[descriptor]
        at = at if position is None else position
        self.data[number][at : at + len(data)] = data
        if position is None:
            self.open[descriptor] = number, at + len(data)

    def _append(self, descriptor: int, data: bytes) -> None:
        self.data[self.open[descriptor][0]] += data

    def _truncate(self, descriptor: int, size: int) -> None:
        del self.data[self.open[descriptor][0]][size:]

    def _fsync(self, descriptor: int) -> None:
        number = self.open[descriptor][0]
        if number in self.folders:
            self.safe_folders[number] = dict(self.folders[number])
        else:
            self.safe_data[number] = bytes(self.data[number])

    def _rename(self, before: str, after: str) -> None:
        source, name = self._place(before)
        target, new = self._place(after)
        target[new] = source.pop(name)

    def _unlink(self, path: str) -> None:
        folder, name = self._place(path)
        del folder[name]

    def _mkdir(self, path: str) -> None:
        folder, name = self._place(path)
        folder[name], self._next = self._next, self._next + 1
        self.folders[folder[name]], self.safe_folders[folder[name]] = {}, {}

    def left(self, strict: bool) -> Left:
        folders = self.safe_folders if strict else self.folders
        found: Left = {}

        def walk(number: int, at: str) -> None:
            for name, child in folders[number].items():
                path = f"{at}{name}"
                if child in self.folders:
                    found[path] = None
                    walk(child, f"{path}/")
                else:
                    found[path] = self.safe_data.get(child, b"")

        walk(_ROOT, "")
        return found


class CrashDisk:
    """Records what a process does below `root`, which must be an empty folder."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self._root = str(root)
        self._log: list[tuple[Any, ...]] = []
        self._appends: set[int] = set()
        self._ours: set[int] = set()
        for name in ("open", "close", "write", "pwrite", "fsync", "ftruncate", "rename", "replace", "unlink", "mkdir"):
            patch.setattr(os, name, self._recorded(getattr(os, name), getattr(self, f"_see_{name}")))

    def _recorded(self, original: Callable[..., Any], see: Callable[..., None]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            see(result, *args)
            return result

        return call

    def _below(self, path: Any) -> str | None:
        text = os.fspath(path)
        if text == self._root:
            return ""
        return text[len(self._root) + 1 :] if text.startswith(self._root + "/") else None

    def _see_open(self, descriptor: int, path: Any, flags: int, *_: Any) -> None:
        below = self._below(path)
        if below is None:
            return
        self._ours.add(descriptor)
        (self._appends.add if flags & os.O_APPEND else self._appends.discard)(descriptor)
        self._log.append(("open", descriptor, below))

    def _see_close(self, _: Any, descriptor: int) -> None:
        if descriptor in self._ours:
            self._ours.discard(descriptor)
            self._log.append(("close", descriptor))

    def _see_write(self, written: int, descriptor: int, data: Any) -> None:
        if descriptor in self._ours:
            part = bytes(memoryview(data)[:written])
            append = descriptor in self._appends
            self._log.append(("append", descriptor, part) if append else ("write", descriptor, part, None))

    def _see_pwrite(self, written: int, descriptor: int, data: Any, position: int) -> None:
        if descriptor in self._ours:
            self._log.append(("write", descriptor, bytes(memoryview(data)[:written]), position))

    def _see_fsync(self, _: Any, descriptor: int) -> None:
        if descriptor in self._ours:
            self._log.append(("fsync", descriptor))

    def _see_ftruncate(self, _: Any, descriptor: int, size: int) -> None:
        if descriptor in self._ours:
            self._log.append(("truncate", descriptor, size))

    def _see_rename(self, _: Any, before: Any, after: Any) -> None:
        self._log.append(("rename", self._below(before), self._below(after)))

    _see_replace = _see_rename

    def _see_unlink(self, _: Any, path: Any) -> None:
        if self._below(path):
            self._log.append(("unlink", self._below(path)))

    def _see_mkdir(self, _: Any, path: Any, *__: Any) -> None:
        if self._below(path):
            self._log.append(("mkdir", self._below(path)))

    def power_cuts(self, strict: bool) -> Iterator[tuple[int, Left]]:
        """After how many operations the power went, and what is left then; each different state once."""
        inodes, seen = _Inodes(), set()
        for number, (operation, *about) in enumerate(self._log, 1):
            inodes.apply(operation, *about)
            left = inodes.left(strict)
            key = hash(tuple(sorted(left.items(), key=lambda item: item[0])))
            if key not in seen:
                seen.add(key)
                yield number, left


def lay_out(left: Left, root: Path) -> None:
    """Make the files that are left."""
    root.mkdir(parents=True)
    for path, content in sorted(left.items()):
        if content is None:
            (root / path).mkdir(mode=0o700)
        else:
            (root / path).write_bytes(content)
