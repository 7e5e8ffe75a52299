"""The feed: newest first, the rest behind, and nothing told twice."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual.message import Message

from engine.store import RunStore
from tui import feed as feed_module
from tui.feed import Feed
from tui.messages import RunsRead, Seen

EXPERIMENT: dict[str, Any] = {"dataset": {}, "model": {}, "training": {"epochs": 4}}


def epoch(number: int) -> dict[str, Any]:
    band = {"mean": number / 10, "p25": 0.0, "p75": 1.0}
    split = {"loss": band, "accuracy": band}
    return {"event": "epoch", "epoch": number, "seconds": 0.1, "lr": 0.1, "train": split, "validation": split}


class Listener:
    """A feed that runs, and what it tells."""

    def __init__(self, store: RunStore) -> None:
        self.told: queue.Queue[Message] = queue.Queue()
        self.feed = Feed(store, self.told.put)
        self.feed.start()

    def until(self, condition: Callable[[Seen], object]) -> Seen:
        while True:
            message = self.told.get(timeout=20)
            assert isinstance(message, RunsRead)
            if condition(message.seen):
                return message.seen


@pytest.fixture
def listen() -> Iterator[Callable[[RunStore], Listener]]:
    listeners: list[Listener] = []

    def begin(store: RunStore) -> Listener:
        listeners.append(Listener(store))
        return listeners[-1]

    yield begin
    for listener in listeners:
        listener.feed.stop()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "LOOK_SECONDS", 0.01)


def test_the_newest_come_first_and_their_curves_before_the_rest(
    store: RunStore, listen: Callable[[RunStore], Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "_FIRST_RUNS", 2)
    monkeypatch.setattr(feed_module, "_VIEW_SECONDS", 20.0)
    runs = [store.create(EXPERIMENT, fingerprint="f", name=str(number)) for number in range(5)]
    with runs[4].own() as owner:
        owner.append_history([epoch(1)])
        owner.update(state="finished")
    listener = listen(store)
    first = listener.until(lambda seen: seen.runs)
    assert [run.name for run in first.runs] == ["4", "3"]
    assert not first.is_whole
    listener.feed.follow_traces(first.runs[:1])
    second = listener.until(lambda seen: seen.traces)
    assert not second.is_whole
    assert second.traces[runs[4].id].epoch == 1
    whole = listener.until(lambda seen: seen.is_whole)
    assert [run.name for run in whole.runs] == ["4", "3", "2", "1", "0"]
    assert whole.waiting == 4


def test_runs_that_did_not_change_are_the_same_objects(store: RunStore, listen: Callable[[RunStore], Listener]) -> None:
    old = store.create(EXPERIMENT, fingerprint="f", name="old")
    listener = listen(store)
    before = listener.until(lambda seen: seen.is_whole)
    store.create(EXPERIMENT, fingerprint="f", name="new")
    after = listener.until(lambda seen: len(seen.runs) == 2)
    assert after.runs[1] is before.runs[0]
    with old.own() as owner:
        owner.update(name="renamed")
    renamed = listener.until(lambda seen: seen.runs[1].name == "renamed")
    assert renamed.runs[0] is after.runs[0]


def test_a_live_run_is_followed_with_its_progress_and_its_curve(
    store: RunStore, listen: Callable[[RunStore], Listener]
) -> None:
    run = store.create(EXPERIMENT, fingerprint="f", name="live")
    listener = listen(store)
    with run.own() as owner:
        owner.update(state="training")
        listener.until(lambda seen: seen.live)
        owner.write_progress({"heartbeat": 1, "epoch": 1, "epochs": 4, "step": 1, "steps_per_epoch": 2})
        seen = listener.until(lambda seen: seen.live and seen.live[0].progress())
        assert seen.live[0] is seen.runs[0]
        owner.append_history([epoch(1), epoch(2)])
        traced = listener.until(lambda seen: seen.traces.get(run.id) and seen.traces[run.id].epoch == 2)
        assert traced.traces[run.id].best_epoch == 2
    ended = listener.until(lambda seen: not seen.live)
    assert ended.runs[0].state == "interrupted"


def test_histories_are_read_only_while_somebody_follows_them(
    store: RunStore, listen: Callable[[RunStore], Listener]
) -> None:
    run = store.create(EXPERIMENT, fingerprint="f", name="x")
    with run.own() as owner:
        owner.append_history([epoch(1)])
    listener = listen(store)
    assert not listener.until(lambda seen: seen.is_whole).histories
    listener.feed.follow_histories([run.id, "20200101-000000-0000"])
    seen = listener.until(lambda seen: seen.histories)
    assert len(seen.histories[run.id].records) == 1
    listener.feed.follow_histories([])
    listener.until(lambda seen: not seen.histories)


def test_nothing_is_told_while_nothing_is_new(store: RunStore, listen: Callable[[RunStore], Listener]) -> None:
    run = store.create(EXPERIMENT, fingerprint="f", name="x")
    listener = listen(store)
    listener.until(lambda seen: seen.is_whole)
    for _ in range(3):  # looks, each of which finds what the one before found
        listener.feed.look_now()
    store.create(EXPERIMENT, fingerprint="f", name="y")
    seen = listener.until(lambda seen: True)
    assert [one.name for one in seen.runs] == ["y", "x"]
    assert seen.runs[1].id == run.id


def test_a_folder_that_cannot_be_read_is_told_once_and_looked_at_again(
    store: RunStore, listen: Callable[[RunStore], Listener]
) -> None:
    store.root.write_text("")
    listener = listen(store)
    seen = listener.until(lambda seen: seen.is_whole)
    assert "is not a folder" in seen.trouble
    store.root.unlink()
    listener.feed.look_now()
    assert listener.until(lambda seen: True).trouble == ""
