"""Which characters a terminal can be trusted with."""

from __future__ import annotations

import os
from collections.abc import Mapping

_PLAIN_LOCALES = {"C", "POSIX"}


def has_unicode(encoding: str, environment: Mapping[str, str] | None = None) -> bool:
    """Whether braille and line drawing may be sent.

    Not where the locale says `C` (Python speaks UTF-8 there all the same), and not on the Linux console, whose font
    has no braille. A locale that says nothing at all is no objection: containers and many logins set none.

    Args:
        encoding: that the terminal's output is written in.
        environment: the process's, if None.
    """
    values = os.environ if environment is None else environment
    locale = values.get("LC_ALL") or values.get("LANG") or ""
    return encoding.lower().startswith("utf") and locale not in _PLAIN_LOCALES and values.get("TERM") != "linux"
