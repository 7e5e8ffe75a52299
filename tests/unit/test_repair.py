"""A damaged run.json made anew: from what is left of it, from the last checkpoint, or refused with the reason."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import train
from engine.errors import DataError
from engine.experiment import Experiment
from engine.repair import KEPT_AS, mend, plan_repair
from engine.store import Run, layout


def damage(run: Run, change: Callable[[str], str]) -> Run:
    path = run.path / layout.RUN
    path.write_text(change(path.read_text()))
    damaged = run.reload()
    assert damaged.damage
    return damaged


def before(key: str) -> Callable[[str], str]:
    """Cut the file before the value of a key."""
    return lambda text: text[: text.index(f'"{key}": ') + 3]


def cut_in_summary(text: str) -> str:
    return text[: text.index('"test_accuracy"')]


def test_a_run_whose_summary_is_lost_is_resumed_to_the_numbers_it_had(trained: Run) -> None:
    damaged = damage(trained, cut_in_summary)
    kept = (trained.path / layout.RUN).read_text()
    repair = plan_repair(damaged)
    assert (repair.source, repair.epoch) == (layout.RUN, 3)
    assert repair.outcome == f"interrupted at epoch 3; then: cnnlab resume {trained.id}"
    mended = mend(repair)
    assert mended.state == layout.INTERRUPTED
    assert (mended.name, mended.document["created"]) == (trained.name, trained.document["created"])
    for _ in train(Experiment.build(mended.experiment), mended):
        pass
    again = mended.reload()
    assert again.state == "finished"
    assert again.summary == trained.summary
    assert again.report() == trained.report()
    assert (trained.path / KEPT_AS).read_text() == kept


@pytest.mark.parametrize("content", ["", "{", "\x00" * 4000, None])
def test_a_run_whose_file_is_gone_or_empty_has_its_settings_from_the_checkpoint(
    trained: Run, content: str | None
) -> None:
    path = trained.path / layout.RUN
    path.unlink() if content is None else path.write_text(content)
    repair = plan_repair(trained.reload())
    assert repair.source == layout.LAST
    mended = mend(repair)
    assert mended.experiment == trained.experiment
    assert mended.document["fingerprint"] == trained.document["fingerprint"]
    assert mended.environment["threads"] == trained.environment["threads"]
    assert mended.document["created"][:10] == trained.document["created"][:10]
    assert mended.state == layout.INTERRUPTED


WOUNDS: list[Callable[[str], str]] = [
    lambda text: text + "trailing",
    lambda text: text.replace('"tags": []', '"tags": 7'),
    lambda text: text.replace('"note": ""', '"note": NaN'),
    lambda text: text.replace('"note": ""', '"note": "", "note": ""'),
    lambda text: text.replace('"format": 1', '"format": "one"'),
    lambda text: text.replace('"environment": {', '"environment": {{'),
]


@pytest.mark.parametrize("wound", WOUNDS)
def test_a_finished_run_that_is_mostly_readable_stays_finished_without_a_checkpoint(
    trained: Run, wound: Callable[[str], str]
) -> None:
    for name in (layout.LAST, layout.PREVIOUS):
        (trained.path / name).unlink()
    mended = mend(plan_repair(damage(trained, wound)))
    assert mended.state == "finished"
    assert mended.summary == trained.summary
    assert mended.experiment == trained.experiment
    assert mended.tags == []


def test_what_cannot_be_known_is_not_invented(trained: Run) -> None:
    damaged = damage(trained, before("summary"))
    for name in (layout.LAST, layout.PREVIOUS):
        (trained.path / name).unlink()
    with pytest.raises(DataError, match="how it ended cannot be read"):
        plan_repair(damaged)
    damaged = damage(trained, before("experiment"))
    with pytest.raises(DataError, match="its settings are neither in"):
        plan_repair(damaged)


def test_a_newer_format_and_a_link_are_left_alone(trained: Run, tmp_path: Path) -> None:
    document = json.loads((trained.path / layout.RUN).read_text())
    (trained.path / layout.RUN).write_text(json.dumps({**document, "format": 9}, indent=1) + "}")
    with pytest.raises(DataError, match="a newer cnnlab made it"):
        plan_repair(trained.reload())
    elsewhere = tmp_path / "elsewhere"
    shutil.move(trained.path, elsewhere)
    trained.path.symlink_to(elsewhere)
    with pytest.raises(DataError, match="links are not followed"):
        plan_repair(trained.reload())
