"""Histories that are followed: read from where the last look ended, whatever happens to the file between two looks."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.store.columns import Columns
from engine.store.history import History, encode_history, parse_history
from engine.store.tail import HistoryTail


def record(epoch: int, accuracy: float | None = 0.5, loss: float | None = 1.0, **more: Any) -> dict[str, Any]:
    band = {"mean": loss, "p25": 0.1, "p75": None}
    split = {"loss": band, "accuracy": {"mean": accuracy, "p25": 0.25, "p75": 0.75}}
    return {"event": "epoch", "epoch": epoch, "seconds": 0.5, "lr": 0.01, "train": split, "validation": split, **more}


def test_a_look_parses_only_what_was_appended(tmp_path: Path, monkeypatch: Any) -> None:
    parsed: list[int] = []
    monkeypatch.setattr(
        "engine.store.tail.parse_history", lambda data: (parsed.append(len(data)), parse_history(data))[1]
    )
    file, tail = tmp_path / "history.jsonl", HistoryTail(tmp_path)
    assert len(tail.look().columns) == 0
    file.write_bytes(encode_history([record(n) for n in range(1, 1001)]))
    assert len(tail.look().columns) == 1000
    before = tail.look()
    assert tail.look() is before
    added = encode_history([record(1001)])
    with file.open("ab") as stream:
        stream.write(added)
    after = tail.look()
    assert len(after.columns) == 1001
    assert after.columns is before.columns
    assert parsed[-1] == len(added)


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    file, tail = tmp_path / "history.jsonl", HistoryTail(tmp_path)
    lines = encode_history([record(1), record(2)])
    for end in range(0, len(lines) + 1, 7):
        file.write_bytes(lines[:end])
        assert list(tail.look().columns.epochs) == [1, 2][: lines[:end].count(b"\n")]
    file.write_bytes(lines)
    assert list(tail.look().columns.epochs) == [1, 2]


def test_a_history_that_is_cut_back_and_goes_on_otherwise_is_another_object(tmp_path: Path) -> None:
    file, tail = tmp_path / "history.jsonl", HistoryTail(tmp_path)
    file.write_bytes(encode_history([record(n, 0.1) for n in range(1, 11)]))
    before = tail.look().columns
    file.write_bytes(encode_history([record(n, 0.1) for n in range(1, 5)]))
    assert list(tail.look().columns.epochs) == [1, 2, 3, 4]
    assert tail.look().columns is not before
    other = tmp_path / "other"
    other.write_bytes(encode_history([record(n, 0.9) for n in range(1, 21)]))
    other.replace(file)
    after = tail.look().columns
    assert list(after.values("train", "accuracy")) == [0.9] * 20
    assert len(before) == 10
    file.unlink()
    assert len(tail.look().columns) == 0


def test_damaged_lines_are_skipped_and_counted(tmp_path: Path) -> None:
    file, tail = tmp_path / "history.jsonl", HistoryTail(tmp_path)
    file.write_bytes(encode_history([record(1)]) + b'{"event": "epoch"}\nnonsense\n' + encode_history([record(2)]))
    history = tail.look()
    assert list(history.columns.epochs) == [1, 2]
    assert history.skipped == 2
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "history.jsonl").symlink_to(file)
    assert len(HistoryTail(tmp_path / "link").look().columns) == 0
    (tmp_path / "linked").symlink_to(tmp_path)
    assert len(HistoryTail(tmp_path / "linked").look().columns) == 0


def test_a_history_longer_than_a_chunk_is_read_whole(tmp_path: Path) -> None:
    records = [record(n) for n in range(1, 6001)]
    (tmp_path / "history.jsonl").write_bytes(encode_history(records))
    assert (tmp_path / "history.jsonl").stat().st_size > 1 << 20
    history = HistoryTail(tmp_path).look()
    assert history.records == records
    assert history.columns.elapsed[-1] == 3000.0


NUMBERS = st.none() | st.floats(0, 1).map(lambda x: round(x, 1))


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=30))
def test_columns_are_the_records_and_know_the_best_epoch(rows: list[tuple[float | None, float | None]]) -> None:
    records = [record(n, accuracy, loss) for n, (accuracy, loss) in enumerate(rows, 1)]
    columns = Columns(records)
    assert History(columns=columns).records == History(records).records
    known = [r for r in records if r["validation"]["accuracy"]["mean"] is not None]
    if known:
        best = max(
            known,
            key=lambda r: (
                r["validation"]["accuracy"]["mean"],
                -(math.inf if r["validation"]["loss"]["mean"] is None else r["validation"]["loss"]["mean"]),
                -r["epoch"],
            ),
        )
        assert columns.best is not None
        assert columns.epochs[columns.best] == best["epoch"]
    losses = [(r["validation"]["loss"]["mean"], r["epoch"]) for r in records]
    known_losses = [row for row in losses if row[0] is not None]
    assert History(records).lowest_validation_loss() == (min(known_losses) if known_losses else (None, None))  # type: ignore[type-var]


def test_without_validation_the_last_epoch_counts() -> None:
    columns = Columns([record(n, validation=None) for n in (1, 2, 3)])
    assert columns.best == 2
    assert [r["validation"] for r in columns.records()] == [None] * 3
