"""What a wish for speed comes to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from engine import train
from engine.data import load_dataset
from engine.events import EpochEnded
from engine.experiment import Experiment
from engine.listing import precision_words
from engine.store import RunStore
from engine.training.device import reproducible
from engine.training.precision import EXACT, Precision, choose_precision
from engine.training.trainer import Trainer

CPU = torch.device("cpu")
LARGE = 10_000_000
Tiny = Callable[..., Experiment]


def test_exact_is_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.training.precision.multiplies_bfloat16", lambda: True)
    assert choose_precision("exact", CPU, LARGE) == EXACT
    assert (EXACT.name, EXACT.exact) == ("float32", True)


def test_fast_on_a_cpu_is_bfloat16_where_matrices_of_it_are_multiplied_in_hardware(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.training.precision.multiplies_bfloat16", lambda: True)
    assert choose_precision("fast", CPU, LARGE).name == "bfloat16"
    monkeypatch.setattr("engine.training.precision.multiplies_bfloat16", lambda: False)
    assert choose_precision("fast", CPU, LARGE) == EXACT


def test_fast_leaves_a_network_alone_that_casting_would_slow_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.training.precision.multiplies_bfloat16", lambda: True)
    assert choose_precision("fast", CPU, 230_000) == EXACT
    assert choose_precision("fast", CPU, 1_300_000).name == "bfloat16"


@pytest.mark.parametrize(
    ("supported", "multiply_adds", "name"),
    [(True, LARGE, "bfloat16"), (True, 1_300_000, "tf32"), (False, LARGE, "float32"), (False, 1_300_000, "float32")],
)
def test_fast_on_a_gpu_claims_nothing_that_the_gpu_lacks(
    supported: bool, multiply_adds: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has no instructions for bfloat16 has none for TF32."""
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: supported)
    precision = choose_precision("fast", torch.device("cuda"), multiply_adds)
    assert (precision.name, precision.exact) == (name, not supported)


def test_bfloat16_trains_close_to_float32_and_to_the_same_bits_twice(tiny: Tiny) -> None:
    experiment = tiny(epochs=5)
    dataset = load_dataset(experiment.dataset)
    losses = []
    for precision in (EXACT, *2 * [Precision(exact=False, dtype=torch.bfloat16)]):
        with reproducible(CPU, 1, precision):
            trainer = Trainer(experiment, dataset, CPU, precision=precision)
            records = [event.record for event in trainer.events() if isinstance(event, EpochEnded)]
        assert {p.dtype for p in trainer.network.parameters()} == {torch.float32}
        losses.append([record["train"]["loss"]["mean"] for record in records])
    assert losses[1] == losses[2] != losses[0]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_a_run_records_its_precision_and_path_and_says_where_fast_changed_nothing(
    store: RunStore, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.precision.multiplies_bfloat16", lambda: False)
    for precision in ("exact", "fast"):
        for _ in train(tiny(precision=precision), store=store, device="cpu"):
            pass
    fast, exact = store.runs()
    for run in (fast, exact):
        assert (run.environment["precision"], run.environment["path"]) == ("float32", "eager")
    assert precision_words(exact) is None
    assert "changes nothing" in str(precision_words(fast))
    assert "changes nothing" in (fast.path / "worker.log").read_text()
