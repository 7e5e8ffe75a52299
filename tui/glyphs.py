"""Which signs this terminal can show: the locale says it, and Python hides the C locale behind UTF-8."""

from __future__ import annotations

import os
from collections.abc import Mapping


def speaks_utf8(environment: Mapping[str, str] | None = None) -> bool:
    """Whether blocks and lines may be drawn with more than ASCII.

    Python sets `LC_CTYPE=C.UTF-8` by itself where the locale is C, so that value counts only where `LANG` agrees.
    """
    environment = os.environ if environment is None else environment
    if everything := environment.get("LC_ALL"):
        return _is_utf8(everything)
    language, characters = environment.get("LANG", ""), environment.get("LC_CTYPE", "")
    if characters == "C.UTF-8" and language in ("C", "POSIX"):
        return False
    return _is_utf8(characters or language)


def _is_utf8(locale: str) -> bool:
    return "utf8" in locale.lower().replace("-", "")
