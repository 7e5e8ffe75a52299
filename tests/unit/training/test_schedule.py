"""Learning rates against torch's own schedulers."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.experiment import TrainingSettings
from engine.training.schedule import depends_on_length, learning_rate

STEPS = 40


def rates(schedule: str) -> list[float]:
    return [learning_rate(schedule, 0.2, step, STEPS) for step in range(STEPS)]


def of_torch(make: type, **options: object) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.2)
    scheduler = make(optimizer, **options)
    found = []
    for _ in range(STEPS):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step() if len(found) < STEPS else None
    return found


def test_constant_is_constant() -> None:
    assert rates("constant") == [0.2] * STEPS


def test_cosine_is_that_of_torch() -> None:
    assert rates("cosine") == pytest.approx(of_torch(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=STEPS))


def test_one_cycle_is_that_of_torch() -> None:
    expected = of_torch(
        torch.optim.lr_scheduler.OneCycleLR, max_lr=0.2, total_steps=STEPS, cycle_momentum=False, final_div_factor=1e4
    )
    assert rates("one_cycle")[:-1] == pytest.approx(expected[:-1], rel=1e-6)
    assert rates("one_cycle")[-1] < 0.2 * 1e-3


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one_cycle"])
@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_short_runs_have_finite_positive_rates(schedule: str, steps: int) -> None:
    for step in range(steps):
        assert 0 < learning_rate(schedule, 0.2, step, steps) <= 0.2


def test_a_warm_up_rises_in_equal_parts_to_the_schedule_behind_it() -> None:
    found = [learning_rate("constant", 0.2, step, 20, 0.25) for step in range(20)]
    assert found[:5] == pytest.approx([0.2 * k / 6 for k in range(1, 6)])
    assert found[5:] == [0.2] * 15
    behind = [learning_rate("cosine", 0.2, step, 20, 0.25) for step in range(5, 20)]
    assert behind == pytest.approx([learning_rate("cosine", 0.2, step, 15) for step in range(15)])


def test_only_a_constant_rate_does_not_know_the_length() -> None:
    wished: list[dict[str, Any]] = [{}, {"warmup": 0.1}, {"schedule": "cosine"}, {"schedule": "one_cycle"}]
    assert [depends_on_length(TrainingSettings(**wish)) for wish in wished] == [False, True, True, True]
