"""A run's accuracies, coarse, held against its whole history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.store.history import encode_history
from engine.store.trace import POINTS, Trace, TraceFollower, sample_trace


def record(epoch: int, accuracy: float | None = None, loss: float = 0.5) -> dict[str, Any]:
    value = epoch / 1000 if accuracy is None else accuracy
    band = {"mean": value, "p25": 0.1, "p75": 0.9}
    split = {"loss": {"mean": loss, "p25": 0.1, "p75": 0.9}, "accuracy": band}
    train = {"loss": split["loss"], "accuracy": {**band, "mean": min(1.0, value + 0.1)}}
    return {"event": "epoch", "epoch": epoch, "seconds": 0.1, "lr": 0.1, "train": train, "validation": split}


def write(folder: Path, records: list[dict[str, Any]]) -> None:
    (folder / "history.jsonl").write_bytes(encode_history(records))


@pytest.mark.parametrize("epochs", [1, 3, 32, 33, 500, 1000])
def test_a_sample_is_near_the_whole(tmp_path: Path, epochs: int) -> None:
    write(tmp_path, [record(number) for number in range(1, epochs + 1)])
    sampled, followed = sample_trace(tmp_path, epochs), TraceFollower(tmp_path, epochs).look()
    assert sampled.epoch == followed.epoch == epochs
    for one, whole in zip(sampled.validation, followed.validation, strict=True):
        assert (one is None) == (whole is None)
        assert one is None or abs(one - (whole or 0)) <= epochs / POINTS / 1000


def test_a_follower_reads_on_and_knows_the_best_epoch(tmp_path: Path) -> None:
    follower = TraceFollower(tmp_path, 10)
    assert follower.look() == Trace()
    write(tmp_path, [record(1, 0.5), record(2, 0.7, loss=0.5), record(3, 0.7, loss=0.4)])
    assert (follower.look().best, follower.look().best_epoch) == (0.7, 3)
    with (tmp_path / "history.jsonl").open("ab") as file:
        file.write(encode_history([record(4, 0.9)])[:-20])
    assert follower.look().epoch == 3  # half a line does not count
    write(tmp_path, [record(1, 0.5)])
    assert (follower.look().epoch, follower.look().best) == (1, 0.5)  # it was cut back


def test_numbers_that_were_not_finite_are_gaps(tmp_path: Path) -> None:
    broken = record(2)
    broken["validation"]["accuracy"]["mean"] = broken["train"]["accuracy"]["mean"] = None
    write(tmp_path, [record(1, 0.5), broken, {**record(3), "validation": None}])
    trace = TraceFollower(tmp_path, POINTS).look()
    assert trace.validation[:3] == (0.5, None, None)
    assert trace.best_epoch == 1
    assert trace.gap == pytest.approx(0.1)


def test_a_missing_or_strange_history_is_an_empty_trace(tmp_path: Path) -> None:
    assert sample_trace(tmp_path, 5) == Trace()
    (tmp_path / "history.jsonl").write_bytes(b"\x00" * 100_000)
    assert sample_trace(tmp_path, 5) == Trace()
    assert TraceFollower(tmp_path, 5).look() == Trace()
