"""Runs that tests of screens share."""

from __future__ import annotations

import pytest

from engine.store import Run, RunStore
from tests.screens.stage import make


@pytest.fixture
def three(store: RunStore) -> list[Run]:
    return [make(store, f"run-{p}", p, a) for p, a in (("stride", 0.7), ("max", 0.9), ("avg", 0.8))]
