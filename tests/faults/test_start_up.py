"""What a run costs before its first step and after its last, besides torch itself: nothing heavy is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import train
from engine.events import EpochEnded
from engine.experiment import Experiment
from engine.store import RunStore

Tiny = Callable[..., Experiment]
HEAVY = ("sympy", "torch._dynamo", "torch._inductor", "sklearn", "scipy", "onnx", "pandas", "textual", "rich")

RUN = f"""
import json, sys
import torch
from engine import Experiment, train
from engine.experiment import Experiment
seen = {{}}
for event in train(Experiment.build(json.loads(sys.argv[2])), store=sys.argv[1], device="cpu"):
    seen[type(event).__name__] = sorted(set({HEAVY}) & set(sys.modules))
print(json.dumps(seen))
"""


@pytest.mark.slow
def test_a_training_imports_no_compiler_and_no_algebra(store: RunStore, trained: object, tiny: Tiny) -> None:
    """The data are decoded already, as they are from the second run on: decoding digits needs scikit-learn."""
    words = [sys.executable, "-c", RUN, str(store.root), json.dumps(tiny().to_dict())]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert json.loads(done.stdout) == {
        name: [] for name in ("Started", "StepProgress", "EpochEnded", "Evaluated", "Ended")
    }


def test_the_first_epoch_is_in_the_history_as_soon_as_it_is_over(store: RunStore, tiny: Tiny) -> None:
    """Later ones at the pace of the curves."""
    events = train(tiny(epochs=1_000_000), store=store, device="cpu")
    for event in events:
        if isinstance(event, EpochEnded):
            break
    next(event for event in events if not isinstance(event, EpochEnded))  # the end of that chunk
    assert len(store.runs()[0].history().records) >= 1
    events.close()  # type: ignore[attr-defined]
