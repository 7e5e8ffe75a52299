"""What can go wrong, as exceptions that carry an exit code and name the remedy.

Every error a user can cause is a `LabError`: one line that says what, where and what to do.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

# What the operating system says of a full disk, and of a place that may not be written.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
REFUSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


class ExitCode(IntEnum):
    """Exit codes of `cnnlab`; a contract with users' scripts."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    DATA = 3
    REFUSED = 4
    STORAGE_FULL = 5
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class LabError(Exception):
    """An error that a user can cause.

    Args:
        message: one line: what, where, what to do.
        field: the setting or option it is about (`model.pooling`), if it is about one.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def each(self) -> list[tuple[str | None, str]]:
        """Field and words of everything that is wrong; one entry where it is one thing."""
        return [(self.field, line) for line in self.message.split("\n")]


class RequestError(LabError):
    """The request was wrong: an unknown run, option or value."""

    exit_code = ExitCode.USAGE


class DataError(LabError):
    """Data are missing or damaged."""

    exit_code = ExitCode.DATA


class RefusedError(LabError):
    """Refused: busy, locked, or no permission."""

    exit_code = ExitCode.REFUSED


class StorageFullError(LabError):
    """The disk, or the quota, is full."""

    exit_code = ExitCode.STORAGE_FULL


class TrainingError(LabError):
    """The training itself failed: the loss is not finite, memory is not enough."""


@dataclass(frozen=True)
class Problem:
    """One wrong setting: its dotted field and what is wrong with its value."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class SettingsError(RequestError):
    """All that is wrong with an experiment's settings, at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems), field=self.problems[0].field)

    def each(self) -> list[tuple[str | None, str]]:
        return [(problem.field, problem.message) for problem in self.problems]


def suggestion(word: str, candidates: Iterable[str]) -> str:
    """` (did you mean max?)` for the nearest spelling among the candidates, or nothing."""
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    nearest = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return f" (did you mean {by_folded[nearest[0]]}?)" if nearest else ""
